import t from "tap";
import { delay } from "../../../lib/analysis/detectors/delay.js";
import { mtu } from "../../../lib/analysis/detectors/mtu.js";
import { retransmissions } from "../../../lib/analysis/detectors/retransmissions.js";
import { zeroWindow } from "../../../lib/analysis/detectors/zero-window.js";
import {
  connection,
  error,
  hop,
  leg,
  NIC_A,
  POD_A,
  repliesWith,
  requestsWith,
  said,
  sign,
  tcp,
} from "./kit.js";

t.test("much is sent again, and why", async (t) => {
  const often = tcp({ retransmissions: [sign(0), sign(20, 200)], duplicateAcks: [31, 0] });
  const head = "warn retransmission-storm: the server sent 20 of 200 segments (10 %) again";
  t.strictSame(said(retransmissions, { tcp: often }), [
    `${head}, though no place misses any: they may be late, or lost out of sight`,
  ]);
  t.strictSame(said(retransmissions, { tcp: often, legs: repliesWith(1, { missing: 6 }) }), [
    `${head}: what is missing is lost between node-b ens1 and node-a ens1`,
  ]);
  t.strictSame(said(retransmissions, { tcp: often, legs: requestsWith(1, { missing: 6 }) }), [
    `${head}: nothing of it is lost, but acknowledgements are, between node-a ens1 and node-b ens1`,
  ]);
  const two = repliesWith(1, { missing: 6 });
  const both = [
    two[0],
    two[1].map((one, at) => (at === 0 ? leg(one.from, one.to, { missing: 1 }) : one)),
  ] as const;
  t.match(said(retransmissions, { tcp: often, legs: both }), [/between node-b ens1 and node-a ens1/]);
  t.strictSame(said(retransmissions, { tcp: tcp({ retransmissions: [sign(20, 5000), sign(3, 10)] }) }), []);
  t.strictSame(said(retransmissions, { tcp: null }), []);
});

t.test("a receiver that has no room", async (t) => {
  const stop = (count: number, longestUs: number) => ({ ...sign(count), longestUs });
  const windows = [stop(0, 0), stop(3, 4_000_000)] as const;
  t.strictSame(said(zeroWindow, { tcp: tcp({ zeroWindows: windows }) }), [
    "warn zero-window: the server had no room for data: the client had to wait up to 4 s",
  ]);
  t.strictSame(said(zeroWindow, { tcp: tcp({ zeroWindows: [stop(3, 1000), stop(0, 0)] }) }), []);
  t.strictSame(said(zeroWindow, { tcp: null }), []);
});

t.test("a size over which packets vanish", async (t) => {
  const sizes = { missingBytes: { least: 1428, most: 1500 }, passedBytes: { least: 60, most: 1400 } };
  const legs = requestsWith(1, { missing: 3, ...sizes });
  const head =
    "fail mtu-hole: requests of 1428 bytes and more vanish between node-a ens1 and node-b ens1; up to 1400 bytes they pass";
  t.strictSame(said(mtu, { legs }), [head]);
  t.strictSame(said(mtu, { legs, errors: [error({ kind: "tooBig", mtuBytes: 1400 })] }), [head]);
  t.strictSame(
    said(mtu, { legs: requestsWith(1, { missing: 1, ...sizes }) }),
    [],
    "one alone proves nothing",
  );
  t.strictSame(said(mtu, { legs: requestsWith(1, { missing: 3 }) }), [], "small ones are missing too");
  t.strictSame(said(mtu, { legs: requestsWith(1, { missing: 8 }) }), [], "all are");
});

t.test("path MTU discovery that works is a note", async (t) => {
  t.strictSame(
    said(mtu, { errors: [error({ kind: "tooBig", mtuBytes: 1400 }), error({ about: 1, kind: "tooBig" })] }),
    [
      "note path-mtu-learned: 10.0.0.254 asked for smaller requests, of 1400 bytes at most, and none is missing",
      "note path-mtu-learned: 10.0.0.254 asked for smaller replies, and none is missing",
    ],
  );
});

t.test("segments that a device does not carry", async (t) => {
  const hops = [hop(POD_A, { mtuBytes: 1500 }), hop(NIC_A, { mtuBytes: 1400 })];
  const connections = [
    connection({ maximumSegmentBytes: [1460, 1448] }),
    connection({ maximumSegmentBytes: [null, 9] }),
  ];
  t.strictSame(said(mtu, { hops, connections }), [
    "warn mss-too-large: The ends agreed on segments of 1448 bytes; node-a ens1 carries packets of 1400 bytes",
  ]);
  t.strictSame(said(mtu, { hops, connections: [connection({ maximumSegmentBytes: [1360, 1460] })] }), []);
  t.strictSame(said(mtu, { hops, connections: [connection({ maximumSegmentBytes: [1460, null] })] }), []);
});

t.test("where the time goes", async (t) => {
  const slow = { delayUs: { least: 18_000, median: 20_000, most: 31_000 } };
  const [requests] = requestsWith(1, slow);
  t.strictSame(said(delay, { legs: repliesWith(0, slow) }), [
    "warn delay-on-leg: replies take 20 ms between node-b eth0 and node-b ens1, of 20.2 ms in all",
  ]);
  t.strictSame(said(delay, { legs: [requests, repliesWith(1, slow)[1]] }), [
    "warn delay-on-leg: There and back it takes 40 ms between node-a ens1 and node-b ens1, of 40.3 ms in all",
  ]);
  for (const [name, changes] of Object.entries({
    "nothing that one feels": { delayUs: { least: 1, median: 9_000, most: 9_000 } },
    "not seen at both": { delayUs: null },
  }))
    t.strictSame(said(delay, { legs: [requestsWith(0, changes)[0], repliesWith(1, changes)[1]] }), [], name);
  const three = [0, 1, 2].map((at) => requestsWith(at, slow)[0][at]!);
  t.strictSame(said(delay, { legs: [[three[0]!, three[0]!, three[0]!], []] }), [], "nowhere in particular");
  t.strictSame(said(delay, { legs: [three, []] }), [], "of one way alone between two nodes");
});
