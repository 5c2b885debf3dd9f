import t from "tap";
import { describeDrift } from "../../lib/plan/drift.js";
import { makePlan, type Plan, type PlanStep } from "../../lib/plan/plan.js";
import { digestOf, sealPlan, type PlanFrame, type SealedPlan } from "../../lib/plan/seal.js";
import type { PlannedCommand } from "../../lib/model/steps.js";

const COMMAND: PlannedCommand = {
  ...{ node: "b", action: "netns/tcpdump", argv: ["tcpdump", "-i", "eth0", "tcp"], effect: "capture" },
  files: ["/var/tmp/hopbook-x"],
};
const READ: PlannedCommand = { node: "a", action: "node/read", argv: ["ip", "link"], effect: "read" };

function step(id: string, more: Partial<PlanStep> = {}): PlanStep {
  return {
    ...{ id, uses: "capture/start", title: id, form: "uses", phase: "action", skipped: null, always: false },
    ...{ needs: [], background: false, strategy: null, combinations: null, retry: null, timeoutMs: null },
    ...{ continueOnError: false, deferred: false, commands: [COMMAND], notes: [], ...more },
  };
}

const FRAME: PlanFrame = {
  ...{ run: { id: "0123456789ab" }, named: { runbook: "r", cluster: null }, profileSha256: "p" },
  ...{ sources: [{ file: "/r.yaml", sha256: "1" }], scripts: [], declared: {}, missingFlags: [] },
  ends: [{ of: "a", settings: { HostName: "10.0.0.1", Port: "22" } }],
};

function seal(
  steps: readonly PlanStep[],
  more: { frame?: Partial<PlanFrame>; plan?: Partial<Plan> } = {},
): SealedPlan {
  const plan = makePlan({
    runbook: { name: "r", sha256: "1" },
    cluster: "c",
    inputs: { count: 4 },
    steps,
    ...more.plan,
  });
  return sealPlan(plan, { ...FRAME, ...more.frame });
}

const AGREED = seal([step("one"), step("two", { commands: [] })]);

t.test("the same plan has no drift, in whatever order nodes were read", async (t) => {
  t.strictSame(describeDrift(AGREED, seal([step("one"), step("two", { commands: [] })])), []);
  const other: PlannedCommand = { ...READ, node: "b" };
  const read = (commands: PlannedCommand[]): SealedPlan =>
    seal([step("one", { phase: "discovery", commands })]);
  t.equal(read([READ, other]).digest, read([other, READ]).digest);
  const act = (commands: PlannedCommand[]): SealedPlan => seal([step("one", { commands })]);
  t.not(act([READ, other]).digest, act([other, READ]).digest, "actions have an order");
});

t.test("a plan says what it needs and what it makes", async (t) => {
  const plan = seal([step("one", { commands: [COMMAND, READ, { ...READ, action: "b" }] })]);
  t.strictSame(plan.permissions.effective, [
    { node: "a", actions: ["b", "node/read"] },
    { node: "b", actions: ["netns/tcpdump"] },
  ]);
  t.strictSame(plan.files, [{ node: "b", path: "/var/tmp/hopbook-x" }]);
  t.equal(plan.complete, true);
  t.equal(seal([], { frame: { missingFlags: ["--yes"] } }).complete, false);
  const { digest, ...body } = plan;
  t.equal(digestOf(body), digest);
  t.not(digestOf({ ...body, cluster: "d" }), digest);
});

t.test("each difference is told", async (t) => {
  const argv = (...words: [string, ...string[]]): PlanStep =>
    step("one", { commands: [{ ...COMMAND, argv: words }] });
  const two = step("two", { commands: [] });
  const cases: [SealedPlan, RegExp[]][] = [
    [
      seal([argv("tcpdump", "-i", "eth1", "tcp"), two]),
      [/^step one: b, netns\/tcpdump: tcpdump … eth0 → eth1$/],
    ],
    [
      seal([argv("tcpdump", "-w", "x"), two]),
      [/^step one: b, netns\/tcpdump: tcpdump -i eth0 tcp → tcpdump -w x$/],
    ],
    [seal([step("one", { commands: [] }), two]), [/^step one: gone: b, netns\/tcpdump: tcpdump/, /files/]],
    [seal([step("one", { commands: [COMMAND, READ] }), two]), [/^step one: new: a, node\/read: ip link$/]],
    [seal([two, step("one")]), [/another order/]],
    [seal([step("one")]), [/^step two: it is gone$/]],
    [seal([step("one"), two, step("three", { commands: [] })]), [/^step three: it is new$/]],
    [seal([step("one", { skipped: "no" }), two]), [/^step one: would run → skipped$/]],
    [seal([step("one", { timeoutMs: 5 }), two]), [/^step one: timeoutMs: null → 5$/]],
    [
      seal([step("one"), two], { frame: { sources: [{ file: "/r.yaml", sha256: "2" }] } }),
      [/^the runbook's text changed: \/r\.yaml$/],
    ],
    [
      seal([step("one"), two], { plan: { runbook: { name: "r", sha256: "2" } } }),
      [/^the runbook's text changed$/],
    ],
    [
      seal([step("one"), two], { frame: { scripts: [{ step: "s", file: "/s.ts", sha256: "2" }] } }),
      [/^a script's text changed: \/s\.ts$/],
    ],
    [seal([step("one"), two], { frame: { profileSha256: "q" } }), [/^the cluster profile c changed$/]],
    [
      seal([step("one"), two], { frame: { ends: [{ of: "a", settings: { HostName: "10.0.0.2" } }] } }),
      [/^a: HostName: 10\.0\.0\.1 → 10\.0\.0\.2$/, /^a: Port: 22 → nothing$/],
    ],
    [
      seal([step("one"), two], { frame: { ends: [{ of: "b", settings: {} }] } }),
      [/^a: it is gone$/, /^b: it is new$/],
    ],
    [seal([step("one"), two], { frame: { declared: { shell: true } } }), [/other permissions/]],
    [seal([step("one"), two], { plan: { inputs: { count: 5 } } }), [/^input count: 4 → 5$/]],
    [seal([step("one"), two], { frame: { run: { id: "ba9876543210" } } }), [/^digest: sha256:/]],
  ];
  for (const [now, wanted] of cases) {
    const lines = describeDrift(AGREED, now);
    t.equal(lines.length, wanted.length, lines.join(" | "));
    t.match(lines, wanted);
  }
});

t.test("a plan that is altogether another one is told in few lines", async (t) => {
  const many = Array.from({ length: 500 }, (_, index) => step(`s${index}`, { commands: [] }));
  const lines = describeDrift(AGREED, seal(many));
  t.ok(lines.length <= 41);
  t.match(lines.at(-1), /and \d+ more/);
});
