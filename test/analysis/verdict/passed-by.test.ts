import t from "tap";
import { brief, judge } from "../helpers/judge.js";
import { CALICO, pings, type SimHop } from "../helpers/run.js";

/** eBPF takes what comes to a pod past the host's side of it: requests at node-b, replies at node-a. */
const EBPF: readonly SimHop[] = CALICO.map((hop) =>
  hop.role === "host-veth"
    ? { ...hop, passedBy: [hop.node === "node-b" ? ("request" as const) : ("reply" as const)] }
    : hop,
);
const hidden = { hidden: [6] };
const past = (reply: boolean): { readonly hidden: readonly number[] } => (reply ? { hidden: [1] } : hidden);

t.test("what is delivered past a silent hop is delivered", async (t) => {
  const found = await judge(t, {
    ...{ protocol: "icmp", hops: EBPF },
    packets: pings(4, (_, reply) => past(reply)),
  });
  t.equal(brief(found), "delivered - - → - high");
  t.match(found.verdict.caveats, [
    /^Silent hop node-b cali2: 4 request/,
    /^Silent hop node-a cali1: 4 reply/,
  ]);
});

t.test("what is lost is missed at the next hop that has to show it, not at the silent one", async (t) => {
  const options = {
    protocol: "icmp",
    packets: pings(4, (_, reply) => (reply ? null : { reach: 6 })),
  } as const;
  t.equal(brief(await judge(t, options)), "lost request 5 → 6 high", "where nothing passes it unseen");
  const found = await judge(t, { ...options, hops: EBPF });
  t.equal(brief(found), "lost request 5 → 7 high");
  t.match(found.verdict.caveats, [/^Silent hop node-b cali2: request packets may pass it unseen/]);
});

t.test("silence alone is never loss where the pod behind it was not captured", async (t) => {
  const options = {
    protocol: "icmp",
    captures: { 7: null },
    packets: pings(4, (_, reply) => (reply ? null : { reach: 6 })),
  } as const;
  t.match(brief(await judge(t, options)), /^lost request 5 → 6/, "where nothing passes it unseen");
  const found = await judge(t, { ...options, hops: EBPF });
  t.equal(brief(found), "inconclusive - 5 → - medium");
});

t.test("a hop that shows some of it counts as any other", async (t) => {
  const found = await judge(t, {
    ...{ protocol: "icmp", hops: EBPF },
    packets: pings(4, (seq, reply) => (reply || seq === 4 ? null : { reach: 7 })),
  });
  t.equal(brief(found), "lost request 6 → 7 high");
});

t.test("the NIC of a sealed tunnel shows nothing, both ways", async (t) => {
  const sealed = CALICO.map((hop): SimHop => {
    return hop.role === "nic" ? { ...hop, tunnel: false, passedBy: ["request", "reply"] } : hop;
  });
  const options = { protocol: "icmp", hops: sealed } as const;
  const well = await judge(t, { ...options, packets: pings(4, () => ({ hidden: [3, 4] })) });
  t.equal(brief(well), "delivered - - → - high");
  const lost = await judge(t, { ...options, packets: pings(4, (_, reply) => (reply ? null : { reach: 3 })) });
  t.equal(brief(lost), "lost request 2 → 5 high");
});
