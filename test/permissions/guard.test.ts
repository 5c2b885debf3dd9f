import t from "tap";
import type { Argv, NodeAccess } from "../../lib/model/access.js";
import {
  declared,
  effective,
  grantAll,
  guardAccess,
  missingFlags,
  parseGrant,
  questions,
  visible,
  type Decision,
} from "../../lib/permissions/index.js";
import { localFile } from "../fixtures/local-file.js";

const source = {
  node: { max: 1 },
  exec: ["runtime/*", "capture/pull"],
  capture: { payload: "full" as const },
  traffic: ["ping", "http"],
};

function fakeAccess(): { access: NodeAccess; calls: unknown[] } {
  const calls: unknown[] = [];
  const record =
    (name: string) =>
    (...args: unknown[]) => {
      calls.push([name, args[0]]);
      return name === "stream" ? { name } : Promise.resolve({ name });
    };
  const access = {
    node: "node-a",
    via: "ssh",
    exec: record("exec"),
    stream: record("stream"),
    pull: record("pull"),
    close: record("close"),
  } as unknown as NodeAccess;
  return { access, calls };
}

t.test("every way through is checked, audited and refused with the flag that would help", async (t) => {
  const audit: Decision[] = [];
  const { access, calls } = fakeAccess();
  const policy = effective(declared(source), parseGrant({ allowNode: "node-a", allowExec: "runtime/pods" }));
  const guarded = guardAccess(access, { policy, audit: (decision) => audit.push(decision) });
  const pods: Argv = ["crictl", "pods"];
  const options = { action: "runtime/pods", timeoutMs: 1000 };

  await guarded.exec(pods, options);
  guarded.stream(pods, options);
  t.same(calls, [
    ["exec", pods],
    ["stream", pods],
  ]);
  t.same(
    audit.map(({ allowed }) => allowed),
    [true, true],
  );

  const inspect = { action: "runtime/inspect", timeoutMs: 1000 };
  const refusal = {
    code: "PERMISSION_DENIED",
    exitCode: 4,
    hint: "Add --allow-exec=runtime/inspect",
    where: { node: "node-a", argv: ["crictl", "inspectp", "x"] },
  };
  await t.rejects(guarded.exec(["crictl", "inspectp", "x"], inspect), refusal);
  t.throws(() => guarded.stream(["crictl", "inspectp", "x"], inspect), refusal);
  await t.rejects(guarded.exec(["rm", "-rf", "/"], options), {
    code: "PERMISSION_DENIED",
    message: /"rm" is no program/,
  });
  await t.rejects(guarded.pull("/tmp/a.pcap", localFile("/x"), { ...options, action: "capture/pull" }), {
    code: "PERMISSION_DENIED",
  });
  t.equal(calls.length, 2, "nothing that was refused was run");
  t.equal(audit.length, 6);

  const all = guardAccess(access, {
    policy: effective(declared(source), parseGrant({ yes: true })),
    audit: () => undefined,
  });
  await all.pull("/tmp/a.pcap", localFile("/x"), { ...options, action: "capture/pull" });
  await all.close();
  t.same(calls.slice(2), [
    ["pull", "/tmp/a.pcap"],
    ["close", undefined],
  ]);
});

t.test("missing flags are ready to be typed", async (t) => {
  const asked = declared(source);
  t.same(missingFlags(asked, parseGrant({}), ["node-a", "node-b"]), [
    "--allow-node=node-a,node-b",
    "'--allow-exec=runtime/*,capture/pull'",
    "--allow-capture=10m,64MiB,full",
    "--allow-traffic=ping,http",
  ]);
  t.same(missingFlags(asked, parseGrant({}))[0], "'--allow-node=*'");
  t.same(missingFlags(asked, parseGrant({ yes: true })), []);
  t.same(missingFlags(asked, grantAll(parseGrant({}), "answer")), []);
  const some = parseGrant({
    allowNode: "*",
    allowExec: "runtime/*",
    denyExec: "capture/pull",
    denyCapture: true,
    allowTraffic: "ping",
  });
  t.same(missingFlags(asked, some, ["node-a"]), ["--allow-traffic=http"]);
  t.same(missingFlags(declared({}), parseGrant({})), []);
  const granted = parseGrant({
    allowNode: "node-a",
    allowExec: "runtime/*,capture/pull",
    allowCapture: true,
    allowTraffic: "ping,http",
  });
  t.same(missingFlags(asked, granted, ["node-a"]), [], "and what they grant is enough");
});

t.test("questions are grouped, and a hostile name cannot speak to the terminal", async (t) => {
  const [look, ...more] = questions(declared(source), [
    { name: "node-a", via: "ssh", address: "10.0.0.1" },
    { name: "evil\u001b[2J\u202e\n", via: "local" },
  ]);
  t.same(look?.head, [
    "On these 2 nodes, at most 1 of them:",
    "  node-a (ssh to 10.0.0.1)",
    "  evil\\x1b[2J\\u202e\\x0a (local)",
    "it asks to:",
  ]);
  t.same(look?.lines, [
    "  log in",
    "  run runtime/*: list the pods and containers of the node's runtime; inspect pods: process, network namespace, CNI result",
    "  run capture/pull: copy the captures from the node",
    "  capture whole packets: up to 10 min and 64.0 MiB on each node, only with a filter",
    "  make traffic: ping, http",
  ]);
  t.match(look?.details, [/runtime\/pods may run/, /crictl: pods, ps, version/]);
  t.same(more, [], "nothing changes anything");
  t.same(questions(declared({ node: { select: ["b"] }, exec: ["x/y"] }), [{ name: "a", via: "ssh" }]), []);
  t.match(questions(declared({ node: {}, exec: ["x/y", "node/*"] }), [{ name: "a", via: "ssh" }]), [
    {
      head: ["On this node:", "  a (ssh)", "it asks to:"],
      lines: [
        "  log in",
        "  run x/y: no action has this name",
        /^ {2}run node\/\*: read routes[^;]*; see whether [^;]*$/,
      ],
    },
  ]);
  t.equal(visible("plain é 漢 🙂"), "plain é 漢 🙂");
  t.equal(visible("\u0085\u200b\ud800"), "\\x85\\u200b\\ud800");
});

t.test("what changes a node, this machine and the Kubernetes API are asked for apart", async (t) => {
  const all = declared(
    {
      ...{ node: {}, mutate: ["ip link set * up\u001b"], shell: true, read: ["data"], write: ["/out"] },
      ...{ net: ["a.example:443"], env: ["LC_*"], kube: [{ verbs: ["get", "delete"], resources: ["pods"] }] },
    },
    "/runbooks",
  );
  t.match(questions(all, [{ name: "a", via: "ssh" }]), [
    { lines: ["  log in"], changes: false },
    {
      head: ["On this node:", "  a (ssh)", "it asks to CHANGE things:"],
      lines: ["  change: ip link set * up\\x1b", /ANYTHING at all/],
      details: [
        "  node/shell may run (also in a pod's network namespace):",
        "    any program with any arguments",
      ],
      changes: true,
    },
    {
      head: ["On this machine its scripts ask to:"],
      lines: [
        "  read /runbooks/data",
        "  write /out",
        "  fetch from a.example:443",
        "  read the environment variable LC_*",
      ],
      changes: true,
    },
    { head: ["Of the Kubernetes API it asks for:"], lines: ["  get:pods", "  delete:pods"], changes: true },
  ]);
});
