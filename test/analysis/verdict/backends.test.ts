import t from "tap";
import { brief, judge } from "../helpers/judge.js";
import { CALICO, pings, type SimOptions } from "../helpers/run.js";

/** Flows to a Service of several backends, of which one is followed: the others get their share. */

/** Of four requests two stop at this hop of the sending node, as those do that another backend gets. */
const half = (reach: number): SimOptions => ({
  protocol: "icmp",
  hops: CALICO,
  packets: pings(4, (seq, reply) => (seq % 2 === 0 ? {} : reply ? null : { reach })),
  dnatAfter: 1,
});
const ELSEWHERE =
  /^What was sent to \S+ may have gone to the Service's 2 other backends, which were not followed$/;

t.test("what another backend got is not lost", async (t) => {
  t.match(brief(await judge(t, half(2))), /^lost request 1 → 2/, "with one backend there is no other place");
  const watched = await judge(t, { ...half(2), otherBackends: 2 });
  t.equal(watched.verdict.status, "inconclusive");
  t.equal(watched.verdict.lost.packets, 0);
  t.not(watched.verdict.confidence, "high");
  t.match(
    watched.verdict.caveats
      .join("\n")
      .split("\n")
      .find((text) => ELSEWHERE.test(text)),
    ELSEWHERE,
  );
});

t.test("what the followed backend's node has seen was meant for it", async (t) => {
  const found = await judge(t, { ...half(6), otherBackends: 2 });
  t.match(brief(found), /^lost request 5 → 6/);
});

t.test("our own probes go to the followed backend itself", async (t) => {
  const probes = [{ icmpId: 7 }];
  const found = await judge(t, { ...half(2), otherBackends: 2, probes });
  t.match(brief(found), /^lost request 1 → 2/);
});

t.test("what arrives is judged as ever", async (t) => {
  const found = await judge(t, { ...half(2), packets: pings(4), otherBackends: 2 });
  t.match(brief(found), /^delivered/);
});
