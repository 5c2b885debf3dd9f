import t from "tap";
import type { EvidenceHop } from "../../../lib/model/evidence.js";
import { listGrounds } from "../../../lib/analysis/verdict/grounds.js";
import { judge } from "../helpers/judge.js";
import { pings, type SimPacket } from "../helpers/run.js";

const lostAt = (reach: number): SimPacket[] => pings(4, (_, reply) => (reply ? null : { reach }));

t.test("high names what it rests on, and nothing speaks against it", async (t) => {
  const { verdict } = await judge(t, { protocol: "icmp", packets: lostAt(4) });
  t.equal(verdict.confidence, "high");
  t.same(verdict.grounds?.against, []);
  t.match(verdict.grounds?.for, [
    "captured at all 8 hops",
    "each tcpdump wrote all that it received, dropped none, and ran to the end",
    "4 request and 0 reply packets were followed one by one",
  ]);
});

t.test("each reason against it is a caveat; one makes it medium, two low", async (t) => {
  const one = await judge(t, { protocol: "icmp", packets: pings(4), captures: { 4: null } });
  t.equal(one.verdict.confidence, "medium");
  t.match(one.verdict.grounds?.against, [/^No capture at node-b ens4: /]);
  t.match(one.verdict.grounds?.for, ["captured at 7 of 8 hops"]);
  const two = await judge(t, { protocol: "icmp", packets: lostAt(4), captures: { 4: null } });
  t.equal(two.verdict.confidence, "low");
  const { against = [] } = two.verdict.grounds ?? {};
  t.equal(against.length, 2);
  for (const reason of against) t.ok(two.verdict.caveats.includes(reason), reason);
});

t.test("what a tcpdump left out is no ground", async (t) => {
  const cut = await judge(t, {
    protocol: "icmp",
    packets: pings(4),
    captures: { 2: { droppedByKernel: 3 } },
  });
  t.notMatch(cut.verdict.grounds?.for.join(), /wrote all/);
  const single = await judge(t, { protocol: "icmp", packets: pings(1) });
  t.match(single.verdict.grounds?.for.join(), /1 request and 1 reply packets were followed one by one: few/);
});

t.test("clocks are named with how well they are known", async (t) => {
  const { verdict } = await judge(t, { protocol: "icmp", packets: pings(4) });
  t.match(verdict.grounds?.for.at(-1), /^clocks are known by the packets themselves: node-b's to \d+ µs$/);
});

t.test(
  "clocks that are known to milliseconds are said so, and those of which nothing is known are not",
  async (t) => {
    const hop = (node: string): EvidenceHop => ({
      ...{ index: 0, id: node, node, role: "nic", interface: "eth0", mtuBytes: null, pcap: "x.pcap" },
      encapsulation: { kind: "none" },
    });
    const hops = ["node-a", "node-b", "node-c"].map(hop);
    const known = { aheadUs: 0, packets: 1 };
    const clocks = [
      { ...known, node: "node-b", method: "one-way", errorUs: 2500 },
      { ...known, node: "node-c", method: "one-way", errorUs: Infinity },
      { ...known, node: "node-x", method: "pairs", errorUs: 1 },
    ] as const;
    const said = { request: { sent: 4 }, reply: { sent: 4 }, doubts: { weighty: [] } };
    const places = hops.map(() => ({ record: null }));
    const route = { hops, hopAt: new Map(hops.entries()), places };
    t.equal(
      listGrounds(said, { clocks }, route).for.at(-1),
      "clocks are known by the packets themselves: node-b's to 2.5 ms",
    );
  },
);
