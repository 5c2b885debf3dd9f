import t from "tap";
import { runAll, setUp } from "./setup.js";

const off = 'if: "${{ !inputs.on }}"';
const say = (id: string, more: string): string => `{id: ${id}, uses: log/say, with: {text: ${id}}, ${more}}`;

/** Name, steps behind one in the background (and a second that needs it), and whether its outputs are sure to be there. */
const CASES: readonly [name: string, steps: readonly string[], isSure: boolean, reader?: string][] = [
  ["nobody waits", [], false],
  ["a wait", ["{id: join, wait: [bg]}"], true],
  ["a cancel", ["{id: stop, cancel: [bg]}"], true],
  ["the reader needs it", [], true, "needs: [bg]"],
  ["a reader in the background needs it", [], true, "background: true, needs: [bg]"],
  ["a step before needs it", [say("first", "needs: [bg]")], true],
  ["a step before needs it, and is skipped by its condition", [say("first", `needs: [bg], ${off}`)], true],
  [
    "a step before needs it, and is skipped for something else that it needs",
    [say("no", off), say("first", "needs: [no, bg]")],
    true,
  ],
  ["a step before, in the background, needs it", [say("first", "background: true, needs: [bg]")], false],
  ["a wait for one that needs it", ["{id: join, wait: [two]}"], true],
  ["a cancel of one that needs it", ["{id: stop, cancel: [two]}"], false],
  [
    "a wait for a cancelled one that needs it",
    ["{id: stop, cancel: [two]}", "{id: join, wait: [two]}"],
    false,
  ],
  ["a wait that is skipped", [`{id: join, wait: [bg], ${off}}`], false],
  [
    "a wait that is skipped for what it needs",
    [say("no", off), "{id: join, wait: [bg], needs: [no]}"],
    false,
  ],
  [
    "a wait that ends before, which is no failure",
    ["{id: join, wait: [bg], timeout: 5ms, continueOnError: true}"],
    false,
  ],
];

/** Of the one in the background: what is read before it ends is read long before that, on a busy machine too. */
const [SHORT_MS, LONG_MS] = [60, 2000];

const runbookOf = (steps: readonly string[], reader: string, ms = SHORT_MS): string =>
  [
    "steps:",
    `{id: bg, uses: go/on, background: true, with: {ms: ${ms}}}`,
    "{id: two, uses: go/on, background: true, needs: [bg], with: {ms: 1, name: two}}",
    ...steps,
    reader,
  ].join("\n  - ");

t.test("a step's outputs can be read where it has ended for certain, and nowhere else", (t) => {
  t.jobs = CASES.length;
  for (const [name, steps, isSure, more = "continueOnError: false"] of CASES) {
    void t.test(name, async (t) => {
      const reader = (cel: string): string =>
        `{id: reads, uses: log/say, with: {text: "\${{ ${cel} }} is here"}, ${more}}`;
      const check = (): unknown => setUp(runbookOf(steps, reader("steps.bg.outputs.kept")));
      if (isSure) t.doesNotThrow(check, "the check lets it through");
      else t.throws(check, { code: "DOCUMENT_INVALID", problems: [{ rule: "background-step" }] });
      // What is not typed is not checked: here it is the run that says whether it is there. Before it ends, a step has
      // the outputs of its plan at most.
      const ms = isSure ? SHORT_MS : LONG_MS;
      const bench = setUp(runbookOf(steps, reader("dyn(steps).bg.outputs.kept"), ms));
      const outcome = await runAll(bench);
      if (isSure) {
        t.equal(outcome.error, null);
        t.ok(bench.log.includes("it is here"), bench.log.join());
      } else t.match(outcome.error, { code: "EXPRESSION_INVALID", message: /No such key: kept/ });
    });
  }
  t.end();
});

t.test("the condition of a wait is asked before it waits", async (t) => {
  const wait = (cel: string): string => `{id: join, wait: [bg], if: "\${{ ${cel} }}"}`;
  t.throws(() => setUp(runbookOf([], wait("has(steps.bg)"))), {
    code: "DOCUMENT_INVALID",
    problems: [{ rule: "background-step" }],
  });
  const bench = setUp(runbookOf([], wait("has(dyn(steps).bg.outputs.kept)")));
  t.equal((await runAll(bench)).status, "done");
  t.match(
    bench.events.filter((event) => event.type === "stepEnded"),
    [{ step: "join", status: "skipped" }],
    "it had not ended",
  );
});

t.test("finally reads what anything gave", async (t) => {
  const text =
    'finally:\n  - {id: reads, uses: log/say, with: {text: "${{ steps.bg.outputs.kept }} is here"}}';
  const bench = setUp(`${runbookOf([], say("last", "timeout: 1s"))}\n${text}`);
  t.equal((await runAll(bench)).error, null);
  t.equal(bench.log.at(-1), "it is here");
});
