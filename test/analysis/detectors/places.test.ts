import t from "tap";
import { asymmetric } from "../../../lib/analysis/detectors/asymmetric.js";
import { checksums } from "../../../lib/analysis/detectors/checksums.js";
import { duplicates } from "../../../lib/analysis/detectors/duplicates.js";
import { hopLimit } from "../../../lib/analysis/detectors/hop-limit.js";
import { icmpErrors } from "../../../lib/analysis/detectors/icmp-errors.js";
import { neighbours } from "../../../lib/analysis/detectors/neighbours.js";
import { otherMac } from "../../../lib/analysis/detectors/other-mac.js";
import type { NeighbourFacts } from "../../../lib/analysis/detectors/facts.js";
import { error, hop, NIC_A, NIC_B, PACKET, POD_A, POD_B, said, sign, type HopChanges } from "./kit.js";

/** The requests' way, with some of its places changed. */
const way = (changes: Partial<Record<"podA" | "nicA" | "nicB" | "podB", HopChanges>>) => [
  hop(POD_A, changes.podA),
  hop(NIC_A, changes.nicA),
  hop(NIC_B, changes.nicB),
  hop(POD_B, changes.podB),
];
const NOTHING = { request: { packets: 0 } };

t.test("checksums: wrong ones, and those that a device is to complete", async (t) => {
  const wrong = { request: { badChecksums: sign(8) } };
  const right = { request: { badChecksums: sign(0) } };
  t.strictSame(
    said(checksums, {
      hops: way({ podA: { request: { badChecksums: sign(0, 0) } }, nicA: right, nicB: wrong }),
    }),
    [
      "warn checksum-wrong: 8 of 8 packets (100 %) of the requests have a wrong checksum at node-b ens1; node-a ens1 before it shows none",
    ],
  );
  const outer = { reply: { badOuterChecksums: sign(1, 400) } };
  t.strictSame(said(checksums, { replyHops: [hop(POD_B, outer)], status: "lost" }), [
    "fail outer-checksum-wrong: 1 of 400 packets (0.3 %) of the replies have a wrong checksum in the tunnel's own headers at node-b eth0",
  ]);
  const unfinished = { request: { unfinishedChecksums: sign(8) } };
  const hops = way({ podA: unfinished, nicB: unfinished });
  t.strictSame(said(checksums, { hops }), []);
  t.strictSame(said(checksums, { hops, status: "lost" }), [
    "note checksum-unfinished: Checksums are unfinished at node-a eth0: a device computes them later, and it is no fault that they look wrong there",
  ]);
  t.match(said(checksums, { hops, status: "unanswered" }), [
    /^note checksum-unfinished: .* even on another node/,
  ]);
  t.match(said(checksums, { hops, status: "unanswered", nodesKnown: false }), [/no fault/]);
  for (const others of [
    way({ podA: unfinished, nicA: unfinished }),
    way({ podB: unfinished }),
    [hop(POD_A, unfinished)],
  ])
    t.match(said(checksums, { hops: others, status: "unanswered" }), [/no fault/]);
});

t.test("packets that come twice, and since where", async (t) => {
  const twice = { request: { duplicates: sign(8) } };
  t.strictSame(said(duplicates, { hops: way({ nicB: twice }) }), [
    "warn duplicate-packets: 8 of 8 packets (100 %) of the requests came twice to node-b ens1; node-a ens1 before it shows none",
  ]);
  t.strictSame(said(duplicates, { replyHops: [hop(POD_B, { reply: { duplicates: sign(2) } })] }), [
    "warn duplicate-packets: 2 of 8 packets (25 %) of the replies came twice to node-b eth0",
  ]);
});

t.test("packets in a circle, and a TTL that is used up", async (t) => {
  const expired = error({ kind: "timeExceeded", how: "ICMP time exceeded" });
  const circle = { request: { returns: sign(30), packets: 62 } };
  t.strictSame(said(hopLimit, { hops: way({ nicA: circle, nicB: circle }), errors: [expired] }), [
    "fail routing-loop: requests come by node-a ens1 again and again, with another TTL each time",
  ]);
  t.strictSame(said(hopLimit, { errors: [expired] }), [
    "fail ttl-expired: requests used up their TTL at 10.0.0.254",
  ]);
  t.strictSame(said(hopLimit, { errors: [expired], hops: [] }), [
    "fail ttl-expired: requests used up their TTL at 10.0.0.254",
  ]);
  t.match(said(hopLimit, { errors: [expired], hops: way({ podA: { request: { ttl: null } } }) }), [
    /^fail ttl-expired/,
  ]);
  const few = { request: { ttl: { least: 1, most: 30 } } };
  t.match(
    said(hopLimit, { errors: [expired], hops: way({ podA: few }) }),
    [/^note ttl-expired/],
    "traceroute",
  );
});

t.test("ICMP errors by what they say", async (t) => {
  const prohibited = "ICMP communication administratively prohibited";
  const errors = [
    error({ node: "node-b" }),
    error({ about: 1, kind: "prohibited", how: prohibited }),
    error({ kind: "other", how: "ICMP type 12 code 0" }),
    error({ kind: "tooBig" }),
    error({ kind: "timeExceeded" }),
  ];
  t.match(
    said(icmpErrors, { errors }),
    [/^warn icmp-unreachable/, /^warn/, /^warn/],
    "the flow works all the same",
  );
  t.strictSame(said(icmpErrors, { errors, status: "rejected" }), [
    "fail icmp-unreachable: 10.0.0.254 (node-b) answered requests with ICMP port unreachable",
    `fail icmp-prohibited: 10.0.0.254 answered replies with ${prohibited}`,
    "fail icmp-error: 10.0.0.254 answered requests with ICMP type 12 code 0",
  ]);
});

t.test("addresses that nobody has, or two", async (t) => {
  const asked: NeighbourFacts = {
    ...({
      protocol: "arp",
      address: "169.254.1.1",
      askedBy: ["10.1.0.5"],
      at: [POD_A],
      questions: 5,
    } as const),
    macs: [],
    packets: [PACKET],
  };
  const [one, two] = ["02:00:00:00:00:01", "02:00:00:00:00:02"] as const;
  const of = (changes: Partial<NeighbourFacts>) =>
    said(neighbours, { neighbours: [{ ...asked, ...changes }] });
  t.strictSame(of({}), ["fail neighbour-unanswered: Nobody answers for 169.254.1.1 (ARP)"]);
  t.strictSame(of({ macs: [one, two], protocol: "nd" }), [
    "fail neighbour-two-macs: 169.254.1.1 is answered for by 02:00:00:00:00:01 and 02:00:00:00:00:02 (neighbour discovery)",
  ]);
  t.strictSame(of({ macs: [one] }), []);
  t.strictSame(of({ questions: 0 }), []);
});

t.test("packets for another MAC", async (t) => {
  const [own, strange] = ["02:00:00:00:00:0b", "02:00:00:00:00:99"];
  const macs = { mac: own, request: { destinationMacs: [own, strange, "01:00:5e:00:00:01"] } };
  const end = (changes: HopChanges) => said(otherMac, { hops: way({ nicB: changes, podB: NOTHING }) });
  t.strictSame(end(macs), [
    `fail wrong-destination-mac: requests come to node-b ens1 with the MAC ${strange}; its own is ${own}, and go no further`,
  ]);
  t.strictSame(end({ request: { otherHost: sign(8) } }), [
    "fail wrong-destination-mac: requests come to node-b ens1 with another machine's MAC, and go no further",
  ]);
  t.strictSame(end({}), []);
  t.strictSame(said(otherMac, { hops: way({ nicB: macs }) }), [], "what went on was taken");
  t.strictSame(
    said(otherMac, { hops: way({ nicA: { request: { otherHost: sign(8) } }, nicB: NOTHING }) }),
    [],
  );
  const port = { node: "node-b", role: "host-veth", interface: "veth1" } as const;
  t.strictSame(said(otherMac, { hops: [hop(POD_A), hop(port, { request: { otherHost: sign(8) } })] }), []);
  t.match(said(otherMac, { hops: way({ podB: { request: { otherHost: sign(8) } } }) }), [/node-b eth0/]);
});

t.test("replies that come back another way", async (t) => {
  const back = { node: "node-a", role: "nic", interface: "ens2" } as const;
  const replyHops = [hop(POD_B), hop(NIC_B), hop(back), hop(POD_A)];
  t.strictSame(said(asymmetric, { replyHops }), [
    "note asymmetric-path: Replies come by node-a ens2, where no request passes",
  ]);
  t.match(said(asymmetric, { replyHops: [hop(back), ...replyHops], hops: [hop(POD_A)], status: "lost" }), [
    /^warn/,
  ]);
  t.strictSame(said(asymmetric, { replyHops: [hop(POD_B)] }), [], "they end on the way");
  t.strictSame(said(asymmetric, { replyHops: [] }), []);
  t.strictSame(said(asymmetric, { hops: [] }), []);
  t.match(said(asymmetric, { replyHops: [...replyHops, hop(NIC_A)] }), [/^note/], "all of the requests' too");
});
