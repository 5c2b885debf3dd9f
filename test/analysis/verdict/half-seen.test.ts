import t from "tap";
import { brief, judge } from "../helpers/judge.js";
import { CALICO, pings } from "../helpers/run.js";

/** Flows of which one end could not be looked into: what its node would have shown is not said. */

const WHY = "no route to host";
const DARK = { node: "node-b", pod: null, address: "10.77.0.12", why: WHY } as const;
const SAID = `node-b could not be entered: ${WHY}`;
const NEAR = CALICO.slice(0, 4);
const FAR = CALICO.slice(4);
const answered = pings(4);
const silent = pings(4, (_, reply) => (reply ? null : {}));

t.test("the near end alone: what was answered arrived, what was not may have", async (t) => {
  const base = {
    protocol: "icmp",
    hops: NEAR,
    unseen: ["node-b"],
    unentered: [{ ...DARK, end: "to" }],
  } as const;
  const healthy = await judge(t, { ...base, packets: answered });
  t.equal(brief(healthy), "delivered - - → - high");
  t.same(healthy.verdict.caveats, [SAID]);
  t.same(healthy.unentered, base.unentered);
  const unanswered = await judge(t, { ...base, packets: silent });
  t.equal(brief(unanswered), "unanswered - 3 → - medium");
  t.same(unanswered.verdict.caveats, [
    SAID,
    "Nothing behind node-a ens4 was captured, so whether the requests arrived is not known",
  ]);
  const lost = await judge(t, { ...base, packets: pings(4, (_, reply) => (reply ? null : { reach: 2 })) });
  t.equal(brief(lost), "lost request 1 → 2 high", "on the near node it is as sure as ever");
  t.same(lost.verdict.caveats, [SAID]);
});

t.test("the far end alone: replies that left are not replies that came", async (t) => {
  const dark = { ...DARK, end: "from", node: "node-a" } as const;
  const base = { protocol: "icmp", hops: FAR, unseen: ["node-a"], unentered: [dark] } as const;
  const delivered = await judge(t, { ...base, packets: answered });
  t.equal(brief(delivered), "delivered - - → - medium");
  t.match(delivered.verdict.caveats, [
    /^node-a could not be entered/,
    /^Nothing behind node-b \S+ was captured, so whether the replies arrived is not known$/,
  ]);
  const nothing = await judge(t, { ...base, packets: [] });
  t.equal(nothing.verdict.status, "inconclusive");
  t.match(nothing.verdict.caveats.join("\n"), /node-a could not be entered/);
});
