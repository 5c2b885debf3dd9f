import t, { type Test } from "tap";
import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { analyzeRun } from "../../../lib/analysis/analyze.js";
import { brief, judge, noCause } from "../helpers/judge.js";
import { ethernet, ip, pcap } from "../helpers/packets.js";
import { CALICO, NODE_IPS, pings, START_US, writeRun, type SimHop, type SimOptions } from "../helpers/run.js";

/** Calico's way through WireGuard: the two NICs, hops 3 and 4, show its messages. */
const SEALED = CALICO.map((hop): SimHop => {
  const { tunnel, ...rest } = hop;
  return tunnel === true ? { ...rest, passedBy: ["request", "reply"], sealed: true } : rest;
});
const base = { protocol: "icmp", hops: SEALED } as const;
const reaching = (reach: number): SimOptions["packets"] => pings(4, (_, reply) => (reply ? null : { reach }));

async function saying(t: Test, options: SimOptions): Promise<readonly [string, string]> {
  const found = await judge(t, options);
  const said = found.verdict.grounds?.against.find((text) => text.includes("sizes and times")) ?? "";
  return [brief(found), said.replace(/^.* were seen of /, "")];
}

t.test("what is lost on either side of a sealed leg, or on it, is told by sizes and times", async (t) => {
  t.strictSame(await saying(t, { ...base, packets: reaching(3) }), [
    ...["lost request 2 → 3 medium", "0 of 4 lost packets at node-a ens4"],
  ]);
  t.strictSame(await saying(t, { ...base, packets: reaching(4) }), [
    "lost request 3 → 4 medium",
    "4 of 4 lost packets at node-a ens4, 0 of 4 lost packets at node-b ens4",
  ]);
  t.strictSame(await saying(t, { ...base, packets: reaching(5) }), [
    "lost request 4 → 5 medium",
    "4 of 4 lost packets at node-a ens4, 4 of 4 lost packets at node-b ens4",
  ]);
  const replies = pings(4, (_, reply) => (reply ? { reach: 4 } : {}));
  t.equal((await saying(t, { ...base, packets: replies }))[0], "lost reply 4 → 3 medium");
  t.equal((await saying(t, { ...base, packets: pings(4) }))[0], "delivered - - → - high");
  t.strictSame(
    await saying(t, { ...base, packets: reaching(2) }),
    ["lost request 1 → 2 high", ""],
    "before the tunnel nothing has to be told by sizes",
  );
});

t.test("a tunnel's headers are sealed with the packet: Cilium's VXLAN within WireGuard", async (t) => {
  const hops = SEALED.map((hop) => (hop.sealed === true ? { ...hop, withinBytes: 50 } : hop));
  t.equal((await saying(t, { ...base, hops, packets: reaching(4) }))[0], "lost request 3 → 4 medium");
});

t.test("nodes whose clocks differ, and one node alone", async (t) => {
  const aheadUs = { "node-b": 40_000 };
  const packets = pings(6, (seq, reply) => (seq < 3 ? {} : reply ? null : { reach: 5 }));
  t.equal((await saying(t, { ...base, aheadUs, packets }))[0], "lost request 4 → 5 medium");
  const within = SEALED.map((hop) => ({ ...hop, node: "node-a" as const }));
  t.match(await saying(t, { ...base, hops: within, packets: reaching(4) }), [/^lost request/, /at node-a/]);
});

t.test("what came through claims its own message first", async (t) => {
  const packets = pings(2, (seq, reply) => ({
    atUs: (seq - 1) * 50_000 + (reply ? 500 : 0),
    ...(seq === 1 ? { reach: reply ? 0 : 3 } : {}),
  }));
  t.strictSame(await saying(t, { ...base, packets }), [
    ...["lost request 2 → 3 medium", "0 of 1 lost packets at node-a ens4"],
  ]);
});

t.test("where other messages may be meant, or some alone are there, nothing is narrowed", async (t) => {
  const doubt = "which does not tell on which side of it they were lost";
  const [seen] = reaching(4);
  const noise = [1, 2, 3, 4].flatMap((seq) =>
    [100, 200].map((afterUs) => ({
      atUs: (seq - 1) * 1_000_000 + afterUs,
      raw: ip({ source: "192.168.9.9", destination: "192.168.9.8", protocol: 99 }, Buffer.alloc(64)),
      hidden: [0, 1, 2, 5, 6, 7],
    })),
  );
  t.strictSame(await saying(t, { ...base, packets: [...reaching(4), ...noise] }), [
    ...["lost request 2 → 5 medium", `4 of 4 lost packets at node-a ens4, ${doubt}`],
  ]);
  t.strictSame(await saying(t, { ...base, packets: [seen!, ...reaching(3).slice(1)] }), [
    ...["lost request 2 → 5 medium", `1 of 4 lost packets at node-a ens4, ${doubt}`],
  ]);
  const missed = { 3: { droppedByKernel: 2 } };
  t.match(await saying(t, { ...base, packets: reaching(3), captures: missed }), [
    ...[/^lost request 2 → 5/, `0 of 4 lost packets at node-a ens4, ${doubt}`],
  ]);
});

t.test("a damaged capture says what it can; a node without an address says nothing", async (t) => {
  const dir = t.testdir();
  const flow = writeRun(dir, { ...base, packets: reaching(5) });
  truncateSync(join(dir, "captures/4.pcap"), 24 + 16 + 10);
  writeFileSync(join(dir, "captures/3.pcap"), Buffer.alloc(16, 0xff), { flag: "a" });
  const [damaged] = (await analyzeRun(dir, { findCause: noCause })).flows;
  t.match(damaged?.verdict, { status: "lost", lastSeen: { role: "nic", node: "node-a" } });
  t.match(damaged?.verdict.firstMissing, { role: "tunnel" }, "what a damaged file lacks may have come");
  const underlay = { "node-b": { ip: NODE_IPS["node-b"], interface: "ens4" } };
  writeFileSync(join(dir, "evidence/flows.json"), JSON.stringify({ flows: [{ ...flow, underlay }] }));
  const [unknown] = (await analyzeRun(dir, { findCause: noCause })).flows;
  t.equal(unknown?.verdict.lastSeen?.role, "tunnel");
});

t.test("of more packets than are compared, none that is missing is known to be", async (t) => {
  const dir = t.testdir();
  writeRun(dir, { ...base, packets: reaching(3) });
  const frame = ethernet(
    ip({ source: "192.168.9.9", destination: "192.168.9.8", protocol: 99 }, Buffer.alloc(8)),
  );
  const record = Buffer.from(pcap([{ timeUs: START_US, bytes: frame }], { snaplenBytes: 262_144 })).subarray(
    24,
  );
  writeFileSync(join(dir, "captures/3.pcap"), Buffer.alloc(record.length * 100_001, record), { flag: "a" });
  const [found] = (await analyzeRun(dir, { findCause: noCause })).flows;
  t.match(found?.verdict.firstMissing, { role: "tunnel" });
});
