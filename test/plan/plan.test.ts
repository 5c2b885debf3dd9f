import t from "tap";
import { joinCommands, SNAPSHOT_NAME } from "../../lib/model/snapshot.js";
import { canonicalJson, makePlan, sha256, type Plan, type PlanStep } from "../../lib/plan/plan.js";
import { renderPlan } from "../../lib/plan/render.js";
import { anyCharacter, fc } from "../fixtures/property.js";

type Content = Parameters<typeof makePlan>[0];

const SCRIPT = 'set -u\nexec tcpdump\t"$@"\n';
/** What a step has where nothing is said. */
const PLAIN: Pick<PlanStep, "form" | "needs" | "strategy" | "combinations" | "retry" | "timeoutMs"> &
  Pick<PlanStep, "background" | "continueOnError" | "deferred"> = {
  ...{ form: "uses", needs: [], background: false, strategy: null, combinations: null, retry: null },
  ...{ timeoutMs: null, continueOnError: false, deferred: false },
};
const content: Content = {
  runbook: { name: "trace-path", sha256: "00" },
  cluster: "lab",
  inputs: { from: "shop/client", to: ["shop/web:80"], count: 4 },
  steps: [
    {
      ...PLAIN,
      ...{
        id: "path",
        uses: "path/discover",
        title: "Find it",
        phase: "discovery",
        skipped: null,
        always: false,
      },
      commands: [
        { node: "node-a", action: "node/read", argv: ["ip", "-j", "link"], effect: "read" },
        { node: "node-b", action: "node/read", argv: ["ip", "-j", "link"], effect: "read" },
        { node: "node-a", action: "node/read", argv: ["ip", "route", "get", "10.0.0.1; rm"], effect: "read" },
      ],
      notes: ["two nodes"],
    },
    {
      ...PLAIN,
      ...{
        id: "capture",
        uses: "capture/start",
        title: "Capture",
        phase: "action",
        skipped: null,
        always: false,
      },
      commands: ["node-a", "node-b"].map((node) => ({
        ...{ node, action: "netns/tcpdump", effect: "capture", files: ["/var/tmp/x"] },
        argv: ["sh", "-c", SCRIPT, "hopbook-capture", node],
      })),
      notes: [],
    },
    {
      ...PLAIN,
      ...{ id: "state", uses: "state/inspect", title: "Look", phase: "action", skipped: null, always: true },
      commands: [
        {
          node: "node-a",
          action: "node/read",
          argv: ["nstat"],
          effect: "read",
          condition: "only around a break",
        },
      ],
      notes: [],
    },
    {
      ...PLAIN,
      ...{ id: "watch", uses: "time/wait", title: "Watch", phase: "action", always: false },
      ...{ skipped: "its condition is false", commands: [], notes: [] },
    },
  ],
} as const;

const SCRIPT_LINE = `  hopbook-capture  sha256:${sha256(SCRIPT)}  2 lines`;

t.test("the plan for people: a line for each step and node, scripts by their digest", (t) => {
  const plan = makePlan(content);
  t.equal(
    renderPlan(plan),
    `plan of trace-path on cluster lab
  from  = shop/client
  to    = shop/web:80
  count = 4

path: Find it (path/discover; read-only, done for this plan)
  node-a: 2 read (node/read)
  node-b: 1 read (node/read)
  note: two nodes
capture: Capture (capture/start)
  node-a: 1 capture (netns/tcpdump)
  node-b: 1 capture (netns/tcpdump)
state: Look (state/inspect; always)
  node-a: 1 read (node/read) [only around a break]
watch: Watch (time/wait; skipped: its condition is false)

scripts (constant; values only by position):
${SCRIPT_LINE}

digest ${plan.digest}
`,
  );
  t.end();
});

t.test("what a step sent for its plan is not called read-only", (t) => {
  const steps = content.steps.map((step) => ({
    ...step,
    commands: step.commands.map((each) => ({ ...each, effect: "traffic" as const })),
  }));
  const text = renderPlan(makePlan({ ...content, steps }));
  t.match(text, "path: Find it (path/discover; done for this plan)\n  node-a: 2 traffic");
  t.end();
});

t.test("in full: argv by node, scripts once at the end", (t) => {
  const plan = makePlan(content);
  t.equal(
    renderPlan(plan, { full: true }),
    `plan of trace-path on cluster lab
  from  = shop/client
  to    = shop/web:80
  count = 4

path: Find it (path/discover; read-only, done for this plan)
  on node-a:
    node/read: ip -j link
    node/read: ip route get "10.0.0.1; rm"
  on node-b:
    node/read: ip -j link
  note: two nodes

capture: Capture (capture/start)
  on node-a:
    netns/tcpdump: sh -c <script hopbook-capture> hopbook-capture node-a
      makes /var/tmp/x, and removes it
  on node-b:
    netns/tcpdump: sh -c <script hopbook-capture> hopbook-capture node-b
      makes /var/tmp/x, and removes it

state: Look (state/inspect; always)
  on node-a:
    node/read: nstat  [only around a break]

watch: Watch (time/wait; skipped: its condition is false)

scripts (constant; values only by position):
${SCRIPT_LINE}
    set -u
    exec tcpdump  "$@"

digest ${plan.digest}
`,
  );
  t.end();
});

t.test("what the step language says of a step stands behind its title", (t) => {
  const [step] = content.steps;
  if (step === undefined) throw new Error("no step");
  const combination = (index: number) => ({
    ...{ label: `pod=shop/p${index}`, matrix: { pod: `shop/p${index}` }, commandCount: index },
    ...{ skipped: index === 2 ? "its condition is false" : null, deferred: index === 3 },
  });
  const many: PlanStep = {
    ...step,
    ...{ id: "links", title: "Links", uses: "command/run", phase: "action", form: "run", always: true },
    ...{ background: true, needs: ["path"], timeoutMs: 5000, retry: { count: 2, delayMs: 500 } },
    ...{ continueOnError: true, deferred: true, commands: [], notes: [] },
    strategy: { maxParallel: 4, failFast: false },
    combinations: Array.from({ length: 10 }, (_, index) => combination(index)),
  };
  const plan = makePlan({ ...content, steps: [many] });
  const lines = (text: string) => text.split("\n").filter((line) => /^ {2}\[|^ {2}…|^links/.test(line));
  t.strictSame(lines(renderPlan(plan)), [
    "links: Links (command/run; always; in the background; needs path; 10 combinations, 4 at a time, all of them; " +
      "at most 5.0 s; 2 more tries, 500 ms apart; may fail; not known in full before the run)",
    "  [pod=shop/p0] 0 commands",
    "  [pod=shop/p1] 1 command",
    "  [pod=shop/p2] skipped: its condition is false",
    "  [pod=shop/p3] known only in the run",
    ...[4, 5, 6, 7].map((index) => `  [pod=shop/p${index}] ${index} commands`),
    "  … and 2 more",
  ]);
  t.equal(lines(renderPlan(plan, { full: true })).length, 11, "in full every combination is there");
  const unknown = makePlan({ ...content, steps: [{ ...many, combinations: null }] });
  t.match(renderPlan(unknown), /matrix, 4 at a time/);
  t.end();
});

function withCommand(argv: readonly [string, ...string[]], more: Partial<Content> = {}): Plan {
  const [step] = content.steps;
  if (step === undefined) throw new Error("no step");
  const command = { node: "n\u001b[2J", action: "node/read", argv, effect: "read" } as const;
  return makePlan({
    ...content,
    ...more,
    steps: [{ ...step, title: "t\u009b", notes: ["n\u202e"], commands: [command] }],
  });
}

t.test("two scripts of one name are two, and a value with a line break is none", (t) => {
  const [, step] = content.steps;
  if (step === undefined) throw new Error("no step");
  const argvs = [
    ["sh", "-c", "one\n", "hopbook-x"],
    ["nsenter", "--net=/x", "bash", "-c", "two\n", "hopbook-x"],
    ["sh", "-c", "one\n", "hopbook-x", "a\nb"],
  ] as const;
  const commands = argvs.map((argv) => ({ node: "n", action: "a", argv, effect: "read" as const }));
  const text = renderPlan(makePlan({ ...content, steps: [{ ...step, commands }] }), { full: true });
  t.match(text, /<script hopbook-x> hopbook-x\n/);
  t.match(text, /bash -c <script hopbook-x \(2\)> hopbook-x\n/);
  t.ok(text.includes('"a\\nb"'));
  t.equal(text.split(/^ {2}hopbook-x/m).length - 1, 2);
  t.end();
});

t.test("of a snapshot each command stands on a line of its own", (t) => {
  const commands = joinCommands([
    ["ip", "-j", "link"],
    ["nstat", "a b"],
  ]);
  const argv = [
    "nsenter",
    "--net=/x",
    "sh",
    "-c",
    "one\n",
    SNAPSHOT_NAME,
    "10",
    "30",
    "9",
    ...commands,
  ] as const;
  const text = renderPlan(withCommand(argv), { full: true });
  const head = `nsenter --net=/x sh -c <script ${SNAPSHOT_NAME}> ${SNAPSHOT_NAME} 10 30 9`;
  t.ok(text.includes(`${head}, which runs one after the other\n      ip -j link\n      nstat "a b"\n`), text);
  t.end();
});

t.test("hostile words, names and notes steer no terminal", (t) => {
  const hostile = fc.string({ unit: anyCharacter });
  fc.assert(
    fc.property(hostile, hostile, (word, name) => {
      const plan = withCommand(["sh", "-c", word, name, word], { cluster: name, inputs: { [name]: word } });
      // eslint-disable-next-line no-control-regex
      return !/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/.test(
        renderPlan(plan) + renderPlan(plan, { full: true }),
      );
    }),
    { numRuns: 200 },
  );
  t.match(renderPlan(withCommand(["ip"])), /^ {2}n\\x1b\[2J: 1 read/m);
  t.end();
});

t.test("equal plans have equal digests, whatever the order of their keys", (t) => {
  const reversed = (value: unknown): unknown => {
    if (value === null || typeof value !== "object") return value;
    if (Array.isArray(value)) return value.map(reversed);
    return Object.fromEntries(
      Object.entries(value)
        .toReversed()
        .map(([key, inner]) => [key, reversed(inner)]),
    );
  };
  t.equal(makePlan(reversed(content) as Content).digest, makePlan(content).digest);
  fc.assert(fc.property(fc.jsonValue(), (value) => canonicalJson(reversed(value)) === canonicalJson(value)));
  t.end();
});

t.test("what differs has another digest", (t) => {
  const digests = [
    makePlan(content),
    makePlan({ ...content, cluster: "other" }),
    makePlan({ ...content, inputs: { ...content.inputs, count: 5 } }),
    makePlan({ ...content, steps: content.steps.toReversed() }),
    makePlan({ ...content, runbook: { name: "trace-path", sha256: "01" } }),
  ].map((plan) => plan.digest);
  t.equal(new Set(digests).size, digests.length);
  for (const digest of digests) t.match(digest, /^sha256:[0-9a-f]{64}$/);
  t.equal(canonicalJson({ b: 1n, a: [{ d: undefined, c: null }] }), '{"a":[{"c":null}],"b":1}');
  t.end();
});

t.test("inputs as a person wrote them, not as numbers without a unit", (t) => {
  const inputs = { size: 67_108_864, watch: 10_000, count: 10_000, none: "", list: [] };
  const types = { size: "size", watch: "duration", count: "integer", none: "string", list: "array" };
  const text = renderPlan(makePlan({ ...content, inputs }), { types });
  t.match(text, "size  = 64.0 MiB\n  watch = 10.0 s\n  count = 10000\n  none  = (none)\n  list  = (none)\n");
  t.end();
});
