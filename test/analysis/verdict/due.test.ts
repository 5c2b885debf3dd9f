import t from "tap";
import type { FlowEvidence } from "../../../lib/model/evidence.js";
import { isOneWay, mayBeOneWay } from "../../../lib/analysis/verdict/due.js";
import { describeVerdict } from "../../../lib/report/words.js";
import { brief, judge } from "../helpers/judge.js";

const end = (port: number | null, of: Partial<FlowEvidence["to"]> = {}): FlowEvidence["to"] => ({
  ...{ pod: null, node: "node-b", ip: "10.77.0.12", port, addresses: [] },
  ...of,
});

t.test(
  "an answer is due of all but tunnels' ports at a node, and what a run knows to take packets without a word",
  (t) => {
    const udp = { protocol: "udp", probe: "udp" } as const;
    for (const port of [4789, 8472, 6081, 51_820]) t.ok(isOneWay({ ...udp, to: end(port) }), `${port}`);
    t.notOk(isOneWay({ ...udp, to: end(53) }));
    t.notOk(isOneWay({ ...udp, to: end(null) }));
    t.notOk(isOneWay({ ...udp, to: end(8472, { pod: "shop/web" }) }), "a pod's own port may be anything");
    t.notOk(isOneWay({ ...udp, to: end(8472, { node: null }) }), "and so may one beyond the nodes");
    t.ok(isOneWay({ ...udp, oneWay: true, to: end(9999) }));
    t.notOk(isOneWay({ protocol: "tcp", probe: "tcp-connect", oneWay: true, to: end(9999) }));
    t.notOk(mayBeOneWay({ ...udp, to: end(9999) }), "it was asked for");
    t.ok(mayBeOneWay({ ...udp, probe: null, to: end(9999) }));
    t.notOk(mayBeOneWay({ ...udp, probe: null, to: end(53) }));
    t.end();
  },
);

t.test("what arrives where no answer is due is delivered, and one-way is said", async (t) => {
  const packets = [0, 1, 2].map((at) => ({ atUs: at * 1e5, id: at + 1, udp: Buffer.from(`probe ${at}`) }));
  const asked = { protocol: "udp", probe: "udp", packets } as const;
  t.equal(brief(await judge(t, asked)), "unanswered - 7 → - high");
  const oneWay = await judge(t, { ...asked, oneWay: true });
  t.equal(brief(oneWay), "delivered - - → - high");
  t.match(describeVerdict(oneWay), "DELIVERED, one-way: 3 requests reached shop/web:8080; no answer was due");
  t.match(oneWay.verdict.caveats, [/^One-way: a tunnel's port/]);
  const lost = packets.map((packet) => ({ ...packet, reach: 3 }));
  t.match(brief(await judge(t, { ...asked, packets: lost, oneWay: true })), /^lost request 2 → 3/);
});
