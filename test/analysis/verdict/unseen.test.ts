import t from "tap";
import { analyzeRun } from "../../../lib/analysis/analyze.js";
import { findCause } from "../../../lib/analysis/cause/index.js";
import { brief, judge } from "../helpers/judge.js";
import { icmp, ip } from "../helpers/packets.js";
import { CALICO, CLIENT, pings, SERVER, writeRun, type SimHop, type SimPacket } from "../helpers/run.js";

/** Flows of which only the pods were seen, on one node or on both. */

const PODS: readonly SimHop[] = [CALICO[0]!, CALICO[7]!];
const unseen = ["node-a", "node-b"] as const;
const BETWEEN = "Nothing between the two pods was captured: node-a and node-b could not be entered";
const lost = (reach: number): SimPacket[] => pings(4, (_, reply) => (reply ? null : { reach }));
const lostReply = (reach: number): SimPacket[] => pings(4, (_, reply) => (reply ? { reach } : {}));

t.test("two pods alone: delivered and unanswered are sure, a loss is somewhere in between", async (t) => {
  const base = { protocol: "icmp", hops: PODS, unseen } as const;
  const healthy = await judge(t, { ...base, packets: pings(4) });
  t.equal(brief(healthy), "delivered - - → - high");
  t.same(healthy.verdict.caveats, []);
  const request = await judge(t, { ...base, packets: lost(1) });
  t.equal(brief(request), "lost request 0 → 1 medium");
  t.same(request.verdict.caveats, [BETWEEN]);
  const reply = await judge(t, { ...base, packets: lostReply(1) });
  t.equal(brief(reply), "lost reply 1 → 0 medium");
  t.same(reply.verdict.caveats, [BETWEEN.replace("node-a and node-b", "node-b and node-a")]);
  const unanswered = await judge(t, { ...base, packets: pings(4, (_, back) => (back ? null : {})) });
  t.equal(brief(unanswered), "unanswered - 1 → - high");
});

t.test("two pods of one node that cannot be entered", async (t) => {
  const hops = [PODS[0]!, { ...PODS[1]!, node: "node-a", interface: "eth1" }] as const;
  const found = await judge(t, { protocol: "icmp", hops, unseen: ["node-a"], packets: lost(1) });
  t.equal(brief(found), "lost request 0 → 1 medium");
  t.same(found.verdict.caveats, ["Nothing between the two pods was captured: node-a could not be entered"]);
});

t.test("one node is seen: only a break beside the other one is in the dark", async (t) => {
  const hops = [...CALICO.slice(0, 4), CALICO[7]!];
  const base = { protocol: "icmp", hops, unseen: ["node-b"] } as const;
  const near = await judge(t, { ...base, packets: lost(2) });
  t.equal(brief(near), "lost request 1 → 2 high");
  const far = await judge(t, { ...base, packets: lost(4) });
  t.equal(brief(far), "lost request 3 → 4 medium");
  t.same(far.verdict.caveats, [
    "Nothing between node-a ens4 and node-b eth0 was captured: node-b could not be entered",
  ]);
});

t.test("who refused is known by its address alone, not by the pod that heard it first", async (t) => {
  const quoted = ip({ source: CLIENT, destination: SERVER, protocol: 1 }, icmp(8, 0, { id: 7, seq: 1 }));
  const error = (source: string): SimPacket => ({
    ...{ atUs: 900, reply: true },
    raw: ip({ source, destination: CLIENT, protocol: 1 }, icmp(3, 13, { payload: quoted })),
    hidden: [1],
  });
  for (const [source, node] of [
    ["10.77.0.12", null],
    [SERVER, "node-b"],
  ] as const) {
    const packets = [...lost(1), error(source)];
    const found = await judge(t, { protocol: "icmp", hops: PODS, unseen, packets });
    t.equal(found.verdict.status, "rejected");
    t.equal(found.verdict.rejectedBy?.node, node, source);
  }
});

t.test("no cause is made up where no node was read", async (t) => {
  const same = [PODS[0]!, { ...PODS[1]!, node: "node-a", interface: "eth1" }] as const;
  for (const hops of [PODS, same]) {
    for (const packets of [lost(1), lostReply(1), pings(4, (_, back) => (back ? null : {}))]) {
      const dir = t.testdir();
      writeRun(dir, { protocol: "icmp", hops, unseen, packets });
      const [flow] = (await analyzeRun(dir, { findCause })).flows;
      t.equal(flow?.verdict.cause, null);
      t.same(flow?.verdict.lookedAt, []);
    }
  }
});

t.test("a folder from elsewhere that says nonsense of it is refused", async (t) => {
  const dir = t.testdir();
  writeRun(dir, { protocol: "icmp", packets: pings(1), unseen: [7 as never] });
  await t.rejects(analyzeRun(dir, { findCause }), { code: "EVIDENCE_INVALID" });
});
