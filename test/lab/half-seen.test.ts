import t, { type Test } from "tap";
import { execInNode } from "../../lib/lab/index.js";
import type { FlowFinding } from "../../lib/model/findings.js";
import { mostMs, untilInShell } from "../fixtures/patience.js";
import { Bench, expectEvidence, type Outcome } from "./bench.js";
import { must, slowDown } from "./slow.js";

/** One end cannot be looked into: the verdict of the other one, in time, and never an error. */

const bench = await Bench.open("half");
const { lab } = bench;
t.teardown(() => bench.close());

const WEB = "192.168.218.65:8080";
const CLIENT = "192.168.174.129";
const WITHIN_MS = 15_000;
const KILL_SSHD = 'kill "$(cat /run/sshd.pid)"; ' + untilInShell("[ ! -e /run/sshd.pid ]");
const START_SSHD = ["/usr/sbin/sshd", "-f", "/run/lab/sshd_config"];

async function judge(t: Test, ended: Outcome, exit: number): Promise<FlowFinding> {
  t.equal(ended.exitCode, exit, ended.stderr);
  t.notMatch(ended.stderr, /error\[/);
  t.ok(ended.durationMs < mostMs(WITHIN_MS), `in ${Math.round(ended.durationMs)} ms`);
  const findings = expectEvidence(t, ended.outDir);
  t.equal(findings?.run.complete, false);
  await bench.expectClean(t, ended.outDir);
  const flow = findings?.flows[0];
  if (flow === undefined) throw new Error(`no flow: ${ended.stderr}`);
  return flow;
}

const nodesOf = (flow: FlowFinding): string[] => [...new Set(flow.hops.map(({ node }) => node))];
const byNear = ["--from", "shop/client", "--to", WEB, "--cluster", lab.files.sshProfile];

t.test("node-b's sshd is stopped: what is answered is delivered, as far as node-a shows", async (t) => {
  await must(lab, "node-b", ["sh", "-c", KILL_SSHD]);
  const flow = await judge(t, await bench.run(...byNear, "--probe", "http"), 6);
  t.equal(flow.verdict.status, "delivered");
  t.strictSame(nodesOf(flow), ["node-a"]);
  t.equal(flow.hops.length, 4);
  t.match(flow.unentered, [{ end: "to", node: "node-b", pod: null, address: "10.77.0.12" }]);
  await must(lab, "node-b", START_SSHD);
  bench.acceptPresent();
});

t.test("node-a's sshd is stopped: node-b's hops are watched", async (t) => {
  await must(lab, "node-a", ["sh", "-c", KILL_SSHD]);
  const ends = ["--from", CLIENT, "--to", "shop/web:8080", "--cluster", lab.files.sshProfile];
  const flow = await judge(t, await bench.run(...ends), 6);
  t.equal(flow.verdict.status, "inconclusive");
  t.strictSame(nodesOf(flow), ["node-b"]);
  t.match(flow.verdict.caveats.join("\n"), /node-a could not be entered/);
  await must(lab, "node-a", START_SSHD);
  bench.acceptPresent();
});

t.test("node-b's NIC is down: node-a says that it answers no ARP", async (t) => {
  await must(lab, "node-b", ["ip", "link", "set", "eth0", "down"]);
  // The lab's nodes know each other for good; where they do not, the entry fails within seconds.
  await must(lab, "node-a", ["ip", "neigh", "del", "10.77.0.12", "dev", "eth0"]);
  const ended = await bench.run(...byNear, "--probe", "ping");
  const { stdout: neighbours } = await execInNode(lab, "node-a", ["ip", "neigh", "show", "10.77.0.12"]);
  const flow = await judge(t, ended, 3);
  t.equal(flow.verdict.status, "lost", neighbours);
  t.equal(flow.verdict.lastSeen?.interface, "vxlan.calico");
  t.equal(flow.verdict.cause?.code, "far-node-silent");
  t.match(flow.verdict.cause?.evidence.at(-1), /^node-b could not be entered: /);
  await must(lab, "node-b", ["ip", "link", "set", "eth0", "up"]);
  bench.acceptPresent();
});

t.test("node-b's crictl hangs: its own hops are captured, its pod's are not", async (t) => {
  const restore = await slowDown(lab, { tool: "crictl", seconds: 60, node: "node-b" });
  const flow = await judge(t, await bench.run("--from", "shop/client", "--to", WEB, "--probe", "http"), 6);
  t.equal(flow.verdict.status, "delivered");
  t.strictSame(nodesOf(flow), ["node-a", "node-b"]);
  t.notOk(flow.hops.some(({ node, role }) => node === "node-b" && role === "pod"));
  t.match(flow.unentered, [{ end: "to", node: "node-b", pod: WEB.split(":")[0] }]);
  await restore();
});
