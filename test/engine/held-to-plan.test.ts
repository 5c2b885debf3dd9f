import t from "tap";
import { snapshotArgv } from "../../lib/cluster/snapshot/script.js";
import { holdToPlan } from "../../lib/engine/held-to-plan.js";
import type { Argv, NodeAccess } from "../../lib/model/access.js";
import type { PlannedCommand } from "../../lib/model/steps.js";
import { fakeContext } from "../steps/samples.js";
import { localFile } from "../fixtures/local-file.js";

const OPTIONS = { action: "node/read", timeoutMs: 1000 };
const PLANNED: readonly PlannedCommand[] = [
  { node: "node-a", action: "node/read", argv: ["ip", "-j", "link"], effect: "read" },
  {
    ...{ node: "node-a", action: "netns/tcpdump", argv: ["sh", "-c", "x"], effect: "capture" },
    files: ["/var/tmp/hopbook-1"],
  },
];

function spy(node: string, ran: string[]): NodeAccess {
  const told = (argv: Argv): void => void ran.push(argv.join(" "));
  return {
    node,
    via: "local",
    exec: (argv) => Promise.resolve(told(argv) as never),
    stream: (argv) => told(argv) as never,
    pull: (path) => Promise.resolve(told(["pull", path]) as never),
    close: () => Promise.resolve(told(["close"])),
  };
}

t.test("a step runs what its plan says, and nothing else", async (t) => {
  const ran: string[] = [];
  const { context } = fakeContext([spy("node-a", ran), spy("node-b", ran)]);
  const { accesses } = holdToPlan(context, PLANNED);
  const [a, b] = [accesses.get("node-a"), accesses.get("node-b")];
  if (a === undefined || b === undefined) throw new Error("a node is missing");
  await a.exec(["ip", "-j", "link"], OPTIONS);
  a.stream(["sh", "-c", "x"], { action: "netns/tcpdump" });
  await a.pull("/var/tmp/hopbook-1/x.pcap", localFile("here"), { ...OPTIONS, action: "capture/pull" });
  const reads = "/var/tmp/hopbook-1";
  t.doesNotThrow(() => a.stream(["sh", "-c", "y", "z", reads], { action: "capture/pull", reads }));
  t.equal(ran.pop(), `sh -c y z ${reads}`, "what only reads where it writes");
  const denied = { code: "PERMISSION_DENIED", message: /not in the plan of step/ };
  t.throws(() => a.stream(["sh", "-c", "y", "z", "/etc"], { action: "capture/pull", reads }), denied);
  t.throws(() => a.stream(["sh", "-c", "y", "z", "/etc"], { action: "capture/pull", reads: "/etc" }), denied);
  await a.close();
  t.strictSame(ran.splice(0), ["ip -j link", "sh -c x", "pull /var/tmp/hopbook-1/x.pcap", "close"]);

  await t.rejects(a.exec(["ip", "-j", "addr"], OPTIONS), denied, "another command");
  await t.rejects(a.exec(["ip", "-j", "link", "show"], OPTIONS), denied, "one word more");
  await t.rejects(
    a.exec(["ip", "-j", "link"], { ...OPTIONS, action: "node/mutate" }),
    denied,
    "another action",
  );
  await t.rejects(b.exec(["ip", "-j", "link"], OPTIONS), denied, "another node");
  t.throws(() => a.stream(["sh", "-c", "y"], { action: "netns/tcpdump" }), denied, "another script");
  for (const path of [
    "/etc/shadow",
    "/var/tmp/hopbook-1",
    "/var/tmp/hopbook-12/x",
    "/var/tmp/hopbook-1/../x",
  ]) {
    await t.rejects(a.pull(path, localFile("here"), OPTIONS), denied, path);
  }
  t.strictSame(ran, []);
});

t.test("of a snapshot less may be asked for than was planned, and nothing else", async (t) => {
  const ran: string[] = [];
  const { context } = fakeContext([spy("node-a", ran)]);
  const looks: Argv[] = [
    ["ip", "-j", "link"],
    ["nstat", "-s"],
  ];
  const argv = snapshotArgv(looks, "/run/netns/x");
  const planned: PlannedCommand = { node: "node-a", action: "netns/read", argv, effect: "read" };
  const access = holdToPlan(context, [planned]).accesses.get("node-a");
  if (access === undefined) throw new Error("a node is missing");
  const options = { ...OPTIONS, action: "netns/read" };
  await access.exec(snapshotArgv(looks.slice(1), "/run/netns/x"), options);
  t.equal(ran.splice(0).length, 1);
  const denied = { code: "PERMISSION_DENIED" };
  for (const other of [
    snapshotArgv([...looks, ["ip", "-j", "addr"]], "/run/netns/x"),
    snapshotArgv(looks, "/run/netns/y"),
    snapshotArgv(looks, null),
    argv.with(4, "reboot") as unknown as Argv,
    ["ip", "-j", "link"] as const,
  ]) {
    await t.rejects(access.exec(other, options), denied);
  }
  t.strictSame(ran, []);
});
