import t from "tap";
import type { FlowFinding, LegFinding } from "../../../lib/model/findings.js";
import { judgeLoss } from "../../../lib/steps/loss/judge-loss.js";
import { lossJudge } from "../../../lib/steps/loss/loss-judge.js";
import { buildFlow, FOUR } from "../../report/samples.js";
import { fakeContext } from "../samples.js";

const VETH = { node: "node-a", role: "host-veth", interface: "cali1" } as const;
const NIC = { node: "node-a", role: "nic", interface: "eth0" } as const;
const leg = (direction: "request" | "reply", sent: number, missing: number): LegFinding => ({
  ...{ direction, from: VETH, to: NIC, sent, missing, share: sent === 0 ? 0 : missing / sent },
  ...{ undecided: 0, delayUs: null, pattern: [] },
});

function flow(legs: readonly LegFinding[] | undefined, more: Partial<FlowFinding> = {}): FlowFinding {
  const counts = FOUR.map(() => [100, 100] as const);
  const own = legs === undefined ? {} : { legs };
  return buildFlow({
    path: FOUR,
    counts,
    protocol: "tcp",
    verdict: {},
    more: { probe: null, ...own, ...more },
  });
}
const NONE = { packets: 0, bytes: 0 };
const time = { sent: [50, 50], missing: [0, 0] };

t.test("the rate between hops, the leg that loses most first, and when", (t) => {
  const rate = { slotMs: 500, request: { ...time, missing: [1, 4] }, reply: { ...time, missing: [0] } };
  const verdict = judgeLoss([flow([leg("request", 100, 5), leg("reply", 100, 10)], { rate })]);
  t.equal(verdict.code, "lossy");
  t.equal(verdict.worstShare, 0.1);
  t.match(
    verdict.summary,
    /^shop\/client → shop\/web-\S+:8080 \(tcp\): 10 of 100 packets \(10\.00 %\) of the answers are lost between node-a cali1 and node-a eth0, most of them \(4\) 0\.5 s to 1\.0 s after its first packet; .*: 5 of 100 packets \(5\.00 %\) of what was sent/,
  );
  t.strictSame(verdict.flows[0]?.worstTime, { fromSec: 0.5, toSec: 1, missing: 4 });
  t.end();
});

t.test("without a word of time none is said", (t) => {
  const quiet = { slotMs: 500, request: time, reply: time };
  for (const more of [{}, { rate: quiet }]) {
    const { summary } = judgeLoss([flow([leg("request", 100, 5)], more)]);
    t.match(summary, /and node-a eth0$/);
  }
  const many = Array.from({ length: 10 }, () => leg("request", 10, 1));
  t.match(judgeLoss([flow(many)]).summary, /; 2 legs more$/);
  t.end();
});

t.test("nothing lost, nothing seen, and nothing to be said of it", (t) => {
  const well = judgeLoss([
    flow([leg("request", 100, 0), leg("reply", 90, 0)], { rate: { slotMs: 1, request: time, reply: time } }),
  ]);
  t.match(well, {
    code: "ok",
    worstShare: 0,
    summary: /^nothing was lost; .*: up to 100 packets on each of 2 legs$/,
  });
  const silent = flow([]);
  const none = { ...silent, hops: silent.hops.map((hop) => ({ ...hop, request: NONE, reply: NONE })) };
  t.match(judgeLoss([none]), { code: "no-traffic", summary: /^no packet passed/ });
  t.match(judgeLoss([]), { code: "no-traffic" });
  t.match(judgeLoss([flow([leg("request", 0, 0)])]), {
    code: "not-known",
    summary: /no packet was seen at two hops$/,
  });
  const cut = flow(undefined, { verdict: { ...silent.verdict, caveats: ["the capture was cut"] } });
  t.match(judgeLoss([cut]), { code: "not-known", summary: /the capture was cut$/ });
  t.end();
});
t.test("ends are named as they are known", (t) => {
  const ends = {
    from: { pod: null, node: null, ip: "fd00::1", port: 9 },
    to: { pod: null, node: null, ip: "203.0.113.10", port: null },
  };
  t.match(
    judgeLoss([flow([leg("request", 9, 1)], ends)]).summary,
    /^\[fd00::1\]:9 → 203\.0\.113\.10 \(tcp\)/,
  );
  t.end();
});

t.test("the step writes its verdict down and notes it", async (t) => {
  for (const [missing, level] of [
    [0, "info"],
    [1, "warn"],
  ] as const) {
    const fake = fakeContext([], {
      followFlows: () => Promise.resolve([flow([leg("request", 10, missing)])]),
    });
    await lossJudge.run?.({}, fake.context, { commands: [], outputs: {} as never, notes: [] });
    t.match(fake.files.get("evidence/loss/step.json"), { flows: [{ legs: [{ sent: 10, missing }] }] });
    t.match(fake.notes.join("\n"), new RegExp(`^${level}: `));
  }
});
