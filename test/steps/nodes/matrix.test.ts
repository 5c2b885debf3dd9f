import t from "tap";
import type { FlowFinding, Verdict } from "../../../lib/model/findings.js";
import type { ProbeKind } from "../../../lib/model/traffic.js";
import { judgeNodes } from "../../../lib/steps/nodes/matrix.js";
import { nodesJudge } from "../../../lib/steps/nodes/nodes-judge.js";
import { fdbMissing, healthy } from "../../report/samples.js";
import { fakeContext } from "../samples.js";

function way(
  from: string,
  to: string,
  [probe, change]: readonly [ProbeKind, Partial<Verdict>?],
): FlowFinding {
  const sample = change === undefined ? healthy : fdbMissing;
  const end = { pod: null, ip: "10.77.0.1" };
  return {
    ...{ ...sample, probe, verdict: { ...sample.verdict, ...change }, exchanges: [] },
    ...{
      from: { ...end, node: from, port: null },
      to: { ...end, node: to, port: probe === "udp" ? 4789 : null },
    },
  };
}
const well = (from: string, to: string): FlowFinding[] => [
  way(from, to, ["ping"]),
  way(from, to, ["ping-large"]),
  way(from, to, ["udp", { status: "unanswered" }]),
];
const ALL = [...well("a", "b"), ...well("b", "a"), ...well("a", "c"), ...well("c", "a"), ...well("b", "c")];

t.test("all ways are well, and no more is said of a tunnel's port than what was seen", (t) => {
  const { code, summary, ways } = judgeNodes([...ALL, ...well("c", "b")]);
  t.equal(code, "ok");
  t.match(
    summary,
    /^3 nodes, 6 ways, nothing is lost between their devices; a → b passes, also the largest packets, UDP 4789 as far as.*; what a node does with a tunnel's packets was not tried/,
  );
  t.equal(ways.length, 6);
  t.end();
});

t.test("the one way that is not well is told alone", (t) => {
  const cases: readonly [readonly FlowFinding[], string, RegExp][] = [
    [
      [way("c", "b", ["ping", { lost: { packets: 4, of: 4 } }])],
      "unreachable",
      /c → b is lost between node-a/,
    ],
    [
      [way("c", "b", ["ping", { lost: { packets: 1, of: 4 } }])],
      "lossy",
      /c → b loses 1 of 4 packets between/,
    ],
    [
      [way("c", "b", ["ping"]), way("c", "b", ["ping-large", {}])],
      "large-lost",
      /the largest packets are lost between/,
    ],
    [
      [way("c", "b", ["ping"]), way("c", "b", ["udp", { direction: "reply" }])],
      "tunnel-lost",
      /UDP port 4789 is lost .* on the way back/,
    ],
    [
      [way("c", "b", ["ping"]), way("c", "b", ["udp", { status: "rejected" }])],
      "tunnel-lost",
      /is refused: no tunnel ends there/,
    ],
    [
      [way("c", "b", ["ping", { status: "inconclusive", caveats: ["too little"] }])],
      "not-known",
      /is not known \(ping\): too little/,
    ],
    [
      [way("c", "b", ["ping"]), way("c", "b", ["udp", { status: "inconclusive", caveats: [] }])],
      "not-known",
      /does not decide it/,
    ],
    [[way("c", "b", ["udp", { status: "unanswered", lastSeen: null }])], "not-known", /was not tried/],
  ];
  for (const [bad, code, says] of cases) {
    const judged = judgeNodes([...ALL, ...bad]);
    t.match(judged, { code, summary: says });
    t.match(judged.summary, /^3 nodes, 6 ways, 1 not well; /);
    t.notMatch(judged.summary, /a → b/);
  }
  t.match(judgeNodes([]), { code: "not-known" });
  t.end();
});

t.test("its step tells of each way", async (t) => {
  const took = { least: 1, median: 1.26, most: 2 };
  const timed = {
    ...way("a", "b", ["ping"]),
    exchanges: [{ protocol: "icmp", outcome: "", kind: "ok", count: 1, tookMs: took }],
  };
  const fake = fakeContext([], { followFlows: () => Promise.resolve([timed as FlowFinding]) });
  await nodesJudge.run?.({}, fake.context, { commands: [], outputs: {} as never, notes: [] });
  t.match(fake.notes.join("\n"), /info: a → b: 1\.3 ms$/m);
});
