import t from "tap";
import { firstSyn } from "../../../lib/analysis/detectors/first-syn.js";
import { handshake } from "../../../lib/analysis/detectors/handshake.js";
import { portReuse } from "../../../lib/analysis/detectors/port-reuse.js";
import { resets } from "../../../lib/analysis/detectors/resets.js";
import type { ConnectionFacts, ResetFacts } from "../../../lib/analysis/detectors/facts.js";
import {
  connection,
  flow,
  hop,
  NIC_A,
  NIC_B,
  PACKET,
  POD_A,
  POD_B,
  repliesWith,
  requestsWith,
  said,
} from "./kit.js";

const UNANSWERED = { established: false, synAcks: 0, handshakeUs: null, answeredBy: null, syns: 3 };
const failed = (changes: Partial<ConnectionFacts> = {}): ConnectionFacts =>
  connection({ ...UNANSWERED, ...changes });

t.test("a handshake that was never completed, and its leg", async (t) => {
  const connections = [failed(), failed(), connection()];
  const lost = (changes: Parameters<typeof said>[1]): readonly string[] =>
    said(handshake, { connections, ...changes });
  t.strictSame(lost({ legs: requestsWith(1, { missing: 6, missingFirsts: 2 }) }), [
    "fail handshake-incomplete: 2 of 3 connections (67 %) never came about: the SYNs end between node-a ens1 and node-b ens1",
  ]);
  t.strictSame(lost({}), [
    "fail handshake-incomplete: 2 of 3 connections (67 %) never came about: the SYNs came as far as node-b eth0, the last place that was captured, and were not answered",
  ]);
  t.strictSame(lost({ hops: [] }), [
    "fail handshake-incomplete: 2 of 3 connections (67 %) never came about: the SYNs end out of sight",
  ]);
  t.strictSame(said(handshake, { connections, untilUs: 900_000 }), [], "it may have come about later");
  const halves = [failed({ synAcks: 2 }), failed({ synAcks: 2 })];
  t.strictSame(said(handshake, { connections: halves, legs: repliesWith(0, { missing: 4 }) }), [
    "fail handshake-incomplete: 2 of 2 connections (100 %) never came about: the SYN-ACKs end between node-b eth0 and node-b ens1",
  ]);
  t.strictSame(said(handshake, { connections: halves }), [
    "fail handshake-incomplete: 2 of 2 connections (100 %) never came about: the SYN-ACKs came as far as node-a eth0, and the client did not go on",
  ]);
  const worst = requestsWith(1, { missing: 6 }).map((legs, index) =>
    index === 0 ? [{ ...legs[0]!, missing: 1 }, ...legs.slice(1)] : legs,
  ) as unknown as ReturnType<typeof requestsWith>;
  t.match(lost({ legs: worst })[0], /between node-a ens1 and node-b ens1/);
});

t.test("what to look at where SYNs end without an answer", async (t) => {
  const next = (changes: Parameters<typeof said>[1]): string =>
    handshake.detect(flow({ connections: [failed()], ...changes }))[0]!.next.join();
  t.match(next({}), /^Look on the server's side/);
  const leaving = { hops: [hop(POD_A), hop(NIC_A)] };
  t.match(next(leaving), /^Look beyond that NIC/, "its end is in nobody's captures");
  t.match(
    next({ ...leaving, nodesKnown: false }),
    /^Look on the server's side/,
    "a file may be of any machine",
  );
  t.match(next({ hops: [hop(NIC_B), hop(POD_B)] }), /^Look on the server's side/, "it came in from outside");
  const own = { ip: "10.1.0.5", port: 8080 };
  t.match(next({ hops: [hop(POD_A)], backend: own }), /^The server is the client's own pod/);
  t.match(next({ hops: [], backend: null }), /^Look on the server's side/);
});

t.test("a first SYN that is lost", async (t) => {
  const late = connection({ syns: 2, handshakeUs: 1_020_000 });
  const connections = [
    late,
    connection({ syns: 2, handshakeUs: 3_100_000 }),
    connection(),
    connection({ syns: 2 }),
  ];
  t.strictSame(said(firstSyn, { connections, legs: requestsWith(0, { missing: 2, missingFirsts: 2 }) }), [
    "warn first-syn-lost: 2 of 4 connections (50 %) came about with a later SYN only, up to 3.1 s late; the first ones end between node-a eth0 and node-a ens1",
  ]);
  t.strictSame(said(firstSyn, { connections: [late], legs: repliesWith(1, { missing: 1 }) }), [
    "warn first-syn-lost: 1 of 1 connections (100 %) came about with a later SYN only, up to 1.02 s late; the first ones end between node-b ens1 and node-a ens1",
  ]);
  t.strictSame(said(firstSyn, { connections: [late] }), [
    "warn first-syn-lost: 1 of 1 connections (100 %) came about with a later SYN only, up to 1.02 s late",
  ]);
});

t.test("resets: by whom, after what", async (t) => {
  const reset = (changes: Partial<ResetFacts>, more: Partial<ConnectionFacts> = {}): readonly string[] => {
    const facts = {
      by: 1,
      ip: "10.2.0.7",
      phase: "syn",
      afterUs: 900,
      packets: [PACKET],
      ...changes,
    } as const;
    return said(resets, { connections: [connection({ reset: facts, ...more })] });
  };
  const table: readonly (readonly [readonly string[], string | null])[] = [
    [
      reset({}, UNANSWERED),
      "fail connection-refused: 1 of 1 connections (100 %) were refused with a reset by 10.2.0.7",
    ],
    [reset({ by: 0 }, UNANSWERED), null],
    [reset({ phase: "closing" }), null],
    [
      reset({ by: 0, phase: "handshake" }, { established: false, answeredBy: "10.2.0.7" }),
      "fail reply-from-other-address: 1 of 1 connections (100 %) were reset by the client: it asked 10.96.0.80:80, and the SYN-ACK came from 10.2.0.7",
    ],
    [
      reset({ by: 0, phase: "handshake" }, { established: false }),
      "fail syn-ack-refused: 1 of 1 connections (100 %) were reset by the client as soon as the SYN-ACK of 10.96.0.80:80 came",
    ],
    [reset({ by: 0, phase: "handshake" }, { established: false, answeredBy: null }), "fail syn-ack-refused"],
    [reset({ by: 0, phase: "handshake" }, { established: false, syns: 0 }), null],
    [
      reset({ phase: "handshake" }, { payloadBytes: [70, 0] }),
      "fail reset-before-answer: 1 of 1 connections (100 %) were reset by the server (10.2.0.7) before anything was answered",
    ],
    [
      reset({ by: 0, ip: "10.1.0.5", phase: "data" }, { payloadBytes: [70, 0] }),
      "fail reset-before-answer: 1 of 1 connections (100 %) were reset by the client (10.1.0.5) before anything was answered",
    ],
    [reset({ by: 0, phase: "data" }), null],
    [reset({ by: 0, phase: "data" }, { payloadBytes: [0, 0] }), null],
    [
      reset({ phase: "data", afterUs: null }),
      "fail reset-while-open: 1 of 1 connections (100 %) were reset by the server (10.2.0.7) while data went over them",
    ],
  ];
  for (const [found, expected] of table)
    if (expected === null) t.strictSame(found, []);
    else t.match(found, [expected]);
  const two = [2_000, 60_000_000].map((afterUs) =>
    connection({ reset: { by: 1, ip: "10.2.0.7", phase: "data", afterUs, packets: [] } }),
  );
  const [finding] = resets.detect({
    ...flow({ connections: two }),
    connectionCount: 2,
  });
  t.match(finding?.evidence, ["the reset came 2 ms to 60 s after the packet before it"]);
});

t.test("a port that is used again too soon", async (t) => {
  const reset: ResetFacts = { by: 1, ip: "10.2.0.7", phase: "syn", afterUs: null, packets: [PACKET] };
  const again = failed({ firstUs: 5_000_000, reset });
  const connections = [again, connection(), connection({ clientPort: null }), connection({ clientPort: 1 })];
  t.strictSame(said(portReuse, { connections }), [
    "warn port-reused-too-soon: 1 of 1 connections (100 %) that used a port again within a minute did not come about",
  ]);
  t.match(said(portReuse, { connections: [connection(), failed({ firstUs: 5_000 })] }), [/1 of 1/]);
  t.strictSame(said(portReuse, { connections: [connection(), connection({ firstUs: 5_000_000 })] }), []);
  t.strictSame(said(portReuse, { connections: [connection(), failed({ firstUs: 90_000_000 })] }), []);
});
