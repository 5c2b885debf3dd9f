import t from "tap";
import {
  describeDeclared,
  type Authority,
  type GrantFlags,
  type PermissionQuestion,
} from "../../lib/authority/authority.js";
import { authoriseBy } from "./authorise-by.js";
import { openCluster } from "../../lib/session/open-cluster.js";
import { openKube } from "../../lib/kube/index.js";
import type { TranscriptEntry } from "../../lib/artifacts/index.js";
import type { Argv } from "../../lib/model/access.js";
import type { LimitRequest } from "../../lib/model/steps.js";
import { fakeNode } from "../steps/samples.js";
import { makeProfile } from "../api/samples.js";
import { trust } from "../fixtures/trust.js";
import { localFile } from "../fixtures/local-file.js";

const permissions = {
  ...{ node: {}, exec: ["node/read", "netns/tcpdump"], traffic: ["ping"] },
  capture: { duration: "1m", bytes: "1MiB", payload: "headers" as const },
};
const runbook = {
  metadata: { name: "sample", title: "Sample", description: undefined, labels: {} },
  permissions,
};
const profile = makeProfile(["node-a", "node-b"]);

function allow(grants: GrantFlags): Promise<Authority> {
  return authoriseBy({ runbook, profile, grants, confirm: undefined });
}

t.test("nobody to ask: the error names the exact flags", async (t) => {
  await t.rejects(allow({}), {
    ...{
      code: "PERMISSION_DENIED",
      detail: /sample on cluster test[^]*missing:\n {2}--allow-node=node-a,node-b/,
    },
    hint:
      "Grant exactly this: --allow-node=node-a,node-b --allow-exec=node/read,netns/tcpdump --allow-capture=1m,1MiB,headers " +
      "--allow-traffic=ping; or all that the runbook declares: --yes",
  });
});

t.test("a person is asked once for everything, and the answer is kept", async (t) => {
  const asked: PermissionQuestion[] = [];
  const answer = (said: boolean): Promise<Authority> =>
    authoriseBy({
      ...{ runbook, profile, grants: {} },
      confirm: (question) => {
        asked.push(question);
        return Promise.resolve(said);
      },
    });
  const granted = await answer(true);
  t.match(granted.decisions, [{ type: "permission", decision: "granted", by: "the person at the terminal" }]);
  await t.rejects(answer(false), { code: "PERMISSION_DENIED", hint: "No node was touched" });
  t.equal(asked.length, 2);
});

const LINK: Argv = ["ip", "-j", "link", "show"];

t.test("no command goes to a node but by the guard, and each refusal is in the transcript", async (t) => {
  const authority = await allow({ yes: true });
  const node = fakeNode("node-a");
  const records: TranscriptEntry[] = [];
  const access = authority.wrap(node.access, (entry) => records.push(entry));
  const read = { action: "node/read", timeoutMs: 100 };

  await access.exec(LINK, read);
  t.equal(node.calls.length, 1);
  t.match(records, [
    {
      type: "permission",
      decision: "granted",
      scope: "exec",
      node: "node-a",
      subject: "node/read",
      by: "--yes",
    },
    { type: "command", action: "node/read", argv: LINK },
  ]);

  const refused = { code: "PERMISSION_DENIED" };
  await t.rejects(access.exec(["ip", "link", "set", "eth0", "down"], read), refused, "another argv");
  await t.rejects(access.exec(LINK, { ...read, action: "runtime/pods" }), refused, "an undeclared action");
  await t.rejects(access.exec(LINK, { ...read, action: "no/such" }), refused, "an unknown action");
  await t.rejects(
    access.exec(["sh", "-c", "reboot", "hopbook-tools"], read),
    refused,
    "a script under a known name",
  );
  await t.rejects(
    access.pull("/etc/shadow", localFile("/dev/null"), { ...read, action: "capture/pull" }),
    refused,
  );
  t.throws(() => access.stream(["sh", "-c", "x", "hopbook-capture"], { action: "netns/tcpdump" }), refused);
  t.equal(node.calls.length, 1, "none of these reached the node");
  const denials = records.filter((entry) => entry.type === "permission" && entry.decision === "denied");
  t.equal(denials.length, 6);
  t.equal(records.length, 2 + denials.length, "a command that did not run is no command of the transcript");
  t.match(denials[0], {
    scope: "exec",
    node: "node-a",
    subject: "node/read: ip link set eth0 down",
    by: /^argv: /,
  });
});

t.test("flags narrow it: what is denied, or not granted, is refused at the node", async (t) => {
  const denied = await allow({ yes: true, denyExec: "node/*", denyNode: "node-b" });
  const node = fakeNode("node-a");
  const access = denied.wrap(node.access, () => undefined);
  await t.rejects(access.exec(LINK, { action: "node/read", timeoutMs: 1 }), {
    code: "PERMISSION_DENIED",
    message: /it is denied by --deny-exec/,
  });
  t.equal(denied.isNodeAllowed({ name: "node-a", access: { via: "ssh" } }).allowed, true);
  const logins: TranscriptEntry[] = [];
  denied.isNodeAllowed({ name: "node-b", access: { via: "ssh" } }, (entry) => logins.push(entry));
  t.match(logins, [{ decision: "denied", scope: "node", node: "node-b", by: /--deny-node=node-b/ }]);
  t.match(denied.isNodeAllowed({ name: "node-b", access: { via: "ssh" } }), {
    allowed: false,
    reason: /--deny-node/,
  });
  t.strictSame(node.calls, []);
});

t.test("limits of captures and traffic are held, and each decision is in the transcript", async (t) => {
  const authority = await allow({ yes: true, denyTraffic: "http" });
  const records: TranscriptEntry[] = [];
  const capture: Extract<LimitRequest, { kind: "capture" }> = {
    ...{ kind: "capture", node: "node-a", durationMs: 60_000, bytes: 1024 ** 2 },
    ...{ payload: "headers", filter: "icmp" },
  };
  const demand = (request: LimitRequest) => (): void =>
    authority.demand(request, (entry) => records.push(entry));
  t.doesNotThrow(demand(capture));
  const refused = { code: "PERMISSION_DENIED" };
  t.throws(demand({ ...capture, durationMs: 60_001 }), refused);
  t.throws(demand({ ...capture, bytes: 1024 ** 2 + 1 }), refused);
  t.throws(demand({ ...capture, payload: "full" }), refused);
  t.throws(demand({ ...capture, filter: " " }), refused);
  t.doesNotThrow(demand({ kind: "traffic", node: "node-a", probe: "ping" }));
  t.throws(demand({ kind: "traffic", node: "node-a", probe: "http" }), refused);
  t.strictSame(
    records.map((entry) => entry.type === "permission" && entry.decision),
    ["granted", "denied", "denied", "denied", "denied", "granted", "denied"],
  );
});

t.test("what is declared, in lines for people", (t) => {
  t.match(describeDeclared(permissions), [
    /^run node\/read: /,
    /^run netns\/tcpdump/,
    /^capture headers/,
    "make traffic: ping",
  ]);
  t.strictSame(describeDeclared({}), []);
  t.end();
});

t.test("nodes that are denied are not logged in to; others say why they could not be", async (t) => {
  const signal = new AbortController().signal;
  const wrapped: string[] = [];
  const here = { name: "me", access: { via: "local" } as const };
  const cluster = await openCluster(
    { ...profile, nodes: [...profile.nodes, here] },
    {
      ...{ signal, openKube },
      wrap: (access) => {
        wrapped.push(access.node);
        return trust(access);
      },
      isAllowed: ({ name }) => ({ allowed: name !== "node-a", reason: "it is denied by --deny-node" }),
    },
  );
  t.strictSame(wrapped, ["me"]);
  t.strictSame([...cluster.accesses.keys()], ["me"]);
  t.match(cluster.unreachable.get("node-a"), { code: "PERMISSION_DENIED", message: /denied by --deny-node/ });
  t.match(cluster.unreachable.get("node-b"), { code: "NODE_UNREACHABLE" });
  await cluster.close();
});

t.test("where no node is left the first reason is the error; an interruption is one", async (t) => {
  const controller = new AbortController();
  const options = {
    ...{ signal: controller.signal, openKube, wrap: trust },
    isAllowed: () => ({ allowed: false, reason: "no" }),
  };
  await t.rejects(openCluster(profile, options), { code: "PERMISSION_DENIED" });
  await t.rejects(openCluster(profile, { ...options, isAllowed: () => ({ allowed: true, reason: "" }) }), {
    code: "NODE_UNREACHABLE",
  });
  controller.abort();
  await t.rejects(openCluster(profile, options), { code: "INTERRUPTED" });
});
