import t from "tap";
import type { FlowFinding, TimelinePacket, Verdict } from "../../../lib/model/findings.js";
import { judgeWays } from "../../../lib/steps/pods/judge-ways.js";
import { podsJudge } from "../../../lib/steps/pods/pods-judge.js";
import { buildFlow, EIGHT, FOUR } from "../../report/samples.js";
import { fakeContext } from "../samples.js";

const LOST: Partial<Verdict> = {
  ...{ status: "lost", direction: "request", lost: { packets: 4, of: 4, share: 1 } },
  lastSeen: { node: "node-a", role: "tunnel", interface: "vxlan.calico" },
  firstMissing: { node: "node-b", role: "pod", interface: "eth0" },
};

function way(verdict: Partial<Verdict> = {}, more: Partial<FlowFinding> = {}): FlowFinding {
  return buildFlow({ path: FOUR, counts: [], protocol: "udp", verdict, more: { timeline: [], ...more } });
}
const packet = (direction: "request" | "reply", seenAtUs: TimelinePacket["seenAtUs"]): TimelinePacket => {
  return { direction, summary: `UDP ${direction}`, seenAtUs };
};

t.test("which ways are well, and where the others end", (t) => {
  const cases: readonly [string, Partial<Verdict>, string, RegExp][] = [
    [
      "well",
      {},
      "ok",
      /^3 captures on 1 nodes: 1 of 1 ways are well; shop\/client → shop\/web-\S+:8080 is answered$/,
    ],
    [
      "lost",
      LOST,
      "lost",
      /0 of 1 ways are well; .* loses 4 of 4 packets between node-a vxlan\.calico and node-b pod eth0$/,
    ],
    ["its answer is lost", { ...LOST, direction: "reply" }, "lost", /on the way back$/],
    ["lost, nobody saw where", { status: "lost" }, "lost", /loses 0 of 0 packets$/],
    ["refused", { status: "rejected" }, "refused", /is refused$/],
    [
      "refused by somebody",
      { status: "rejected", rejectedBy: { ip: "10.1.1.7", node: null, how: "TCP RST" } },
      "refused",
      /is refused by 10\.1\.1\.7 \(TCP RST\)$/,
    ],
    ["silent", { status: "unanswered" }, "silent", /is not answered: the requests passed/],
    ["unseen", { status: "inconclusive" }, "not-known", /is not known: nothing was seen of it$/],
    ["unknown", { status: "inconclusive", caveats: ["cut"] }, "not-known", /is not known: cut$/],
  ];
  for (const [name, verdict, code, says] of cases) {
    const judged = judgeWays([way(verdict)]);
    t.equal(judged.code, code, name);
    t.match(judged.summary, says, name);
  }
  t.match(judgeWays([way(), way(LOST), way({ status: "unanswered" })]), {
    code: "lost",
    summary: /1 of 3 ways are well/,
  });
  t.match(judgeWays([way({}, { probe: null })]), { code: "not-known", ways: [], captures: [] });
  t.end();
});

t.test("ends are named as they were meant", (t) => {
  const address = { ip: "10.1.1.7", port: 53 };
  const service = { name: "shop/dns", clusterIp: { ip: "10.96.0.10", port: 53 }, backend: address };
  const ends: readonly (readonly [FlowFinding["to"], string])[] = [
    [{ pod: "shop/dns", node: "node-b", ip: "10.96.0.10", port: 53, service }, "shop/dns (by 10.96.0.10:53)"],
    [{ pod: "shop/dns", node: "node-b", ip: "10.1.1.7", port: 53, service }, "shop/dns:53"],
    [{ pod: null, node: null, ip: "fd00::1", port: 53 }, "[fd00::1]:53"],
    [{ pod: null, node: null, ip: "203.0.113.10", port: null }, "203.0.113.10"],
    [{ pod: null, node: "node-b", ip: "192.0.2.2", port: null }, "node/node-b"],
  ];
  for (const [to, name] of ends) t.equal(judgeWays([way({}, { to })]).ways[0]?.to, name);
  t.end();
});

t.test("one packet and its answer are followed through all captures of their way", (t) => {
  const half = way({}, { timeline: [packet("request", [0, 1, null, null])] });
  const whole = way(
    {},
    {
      timeline: [
        packet("reply", [3, 2, 1, 0]),
        packet("request", [0, 10, 20, 30]),
        packet("reply", [90, null, 70, 60]),
        packet("reply", [90, 80, 70, 60]),
      ],
    },
  );
  t.strictSame(judgeWays([way({}, { hops: [] }), half, whole]).followed, [
    "UDP request: node-a pod eth0 0 µs, node-a cali9d8b6a7d855 10 µs, node-a cali2b903875fe4 20 µs, node-a pod eth0 30 µs",
    "UDP reply: node-a pod eth0 60 µs, node-a cali2b903875fe4 70 µs, node-a cali9d8b6a7d855 80 µs, node-a pod eth0 90 µs",
  ]);
  const silent = way({ status: "unanswered" }, { timeline: [packet("request", [0, 1, 2, 3])] });
  t.equal(judgeWays([silent]).followed.length, 1);
  t.strictSame(judgeWays([half]).followed, []);
  t.end();
});

t.test("captures are named once each, those of another way back as well", (t) => {
  const other = buildFlow({ path: EIGHT, counts: [], verdict: {} });
  const { captures, summary } = judgeWays([way(), way(), way({}, { replyHops: other.hops })]);
  t.equal(captures.length, new Set(captures).size);
  t.ok(captures.length > 8);
  t.match(summary, /captures on 2 nodes/);
  t.end();
});

t.test("the step writes its verdict down, and notes it and the packet's way", async (t) => {
  for (const [verdict, level] of [
    [{}, "info"],
    [LOST, "warn"],
  ] as const) {
    const flow = way(verdict, { timeline: [packet("request", [0, 1, 2, 3])] });
    const fake = fakeContext([], { followFlows: () => Promise.resolve([flow]) });
    await podsJudge.run?.({}, fake.context, { commands: [], outputs: {} as never, notes: [] });
    t.match(fake.files.get("evidence/ways/step.json"), { ways: [{}], followed: [/^UDP request/] });
    t.match(fake.notes, [new RegExp(`^${level}: `), /^info: UDP request/]);
  }
});
