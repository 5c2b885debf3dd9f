import t from "tap";
import { runAll, setUp } from "./setup.js";
import { mostMs } from "../fixtures/patience.js";

const LAST = `finally:
  - {id: last, uses: log/say, with: {text: last}}
  - {id: end, uses: log/say, with: {text: end}}`;

const CASES: readonly (readonly [string, string, string, readonly string[]])[] = [
  ["success", "{id: a, uses: log/say, with: {text: a}}", "done", ["a", "last", "end"]],
  ["failure", "{id: a, uses: fail/it}", "failed", ["fail", "last", "end"]],
  ["time-out", "{id: a, uses: hang/on, timeout: 20ms}", "failed", ["hang", "last", "end"]],
  [
    "an input that cannot be evaluated",
    `{id: a, uses: log/say, with: {text: "\${{ steps.z.outputs.x }}"}}`,
    "failed",
    ["last", "end"],
  ],
];

for (const [what, step, status, log] of CASES) {
  t.test(`finally runs after ${what}`, async (t) => {
    const before = '- {id: z, uses: fail/it, if: "${{ !inputs.on }}", continueOnError: true}';
    // What a skipped step put out is empty, so that its use fails where the run comes to it.
    const bench = setUp(`steps:\n  ${before}\n  - ${step}\n${LAST}`);
    const plan = await bench.engine.plan().catch((error: unknown) => error as Error);
    if (plan instanceof Error) {
      t.match(plan, { code: "EXPRESSION_INVALID" }, "or before the run, where that is known");
      return;
    }
    const outcome = await bench.engine.run();
    t.equal(outcome.status, status);
    t.strictSame(bench.log, log);
  });
}

t.test("it runs after an interrupt, on a signal of its own that ends soon", async (t) => {
  const bench = setUp(`steps:
  - {id: a, uses: hang/on}
finally:
  - {id: slow, uses: hang/on}
  - {id: last, uses: log/say, with: {text: last}}`);
  await bench.engine.plan();
  setTimeout(() => bench.abort.abort(), 20);
  const startedMs = performance.now();
  const outcome = await bench.engine.run();
  const tookMs = performance.now() - startedMs;
  t.ok(tookMs > 200 && tookMs < mostMs(1500), `${Math.round(tookMs)} ms`);
  t.equal(outcome.status, "interrupted");
  t.strictSame(bench.log, ["hang", "hang", "last"]);
  t.strictSame(outcome.incomplete, ["a: interrupted", "slow: interrupted", "interrupted before it was done"]);
});

t.test("an interrupt while it runs shortens it", async (t) => {
  const bench = setUp(
    `steps:
  - {id: a, uses: log/say, with: {text: a}}
finally:
  - {id: slow, uses: hang/on, timeout: 50s}
  - {id: last, uses: log/say, with: {text: last}}`,
  );
  await bench.engine.plan();
  setTimeout(() => bench.abort.abort(), 40);
  const startedMs = performance.now();
  t.equal((await bench.engine.run()).status, "interrupted");
  t.ok(performance.now() - startedMs < mostMs(1500));
  t.strictSame(bench.log, ["a", "hang", "last"]);
});

t.test(
  "one of its steps that fails keeps none of the others; the run's own failure comes first",
  async (t) => {
    const bench = setUp(`steps:
  - {id: bad, uses: fail/it, with: {text: first}}
finally:
  - {id: worse, uses: fail/it, with: {text: second}}
  - {id: last, uses: log/say, with: {text: last}}`);
    const outcome = await runAll(bench);
    t.match(outcome.error, { message: "first" });
    t.strictSame(outcome.incomplete, ["bad: first", "worse: second"]);
    t.equal(bench.log.at(-1), "last");
    const alone = await runAll(
      setUp(`steps:
  - {id: a, uses: log/say, with: {text: a}}
finally:
  - {id: worse, uses: fail/it, with: {text: second}}`),
    );
    t.match(alone, { status: "failed", error: { message: "second" } });
  },
);

t.test("it has a time limit also where it says none", async (t) => {
  const bench = setUp(
    `steps:
  - {id: a, uses: log/say, with: {text: a}}
finally:
  - {id: slow, uses: hang/on}
  - {id: own, uses: hang/on, timeout: 20ms}`,
    [],
    { timing: { finallyMs: 60 } },
  );
  const outcome = await runAll(bench);
  t.match(outcome.incomplete, [/slow.*60 ms/, /own.*20 ms/]);
});

t.test("it sees what the steps put out, and that of those that did not come to it is empty", async (t) => {
  const bench = setUp(`steps:
  - {id: a, uses: log/say, with: {text: a}}
  - {id: bad, uses: fail/it}
  - {id: c, uses: log/say, with: {text: c}}
finally:
  - {id: said, uses: log/say, with: {text: "\${{ steps.a.outputs.said }}"}}
  - {id: miss, uses: log/say, with: {text: "\${{ has(steps.c.outputs.said) ? 'c' : 'no c' }}"}}
  - {id: only, uses: log/say, needs: [c], with: {text: never}}`);
  await runAll(bench);
  t.strictSame(bench.log, ["a", "fail", "a", "no c"]);
});

t.test("it may have a matrix and discovery, which then reads at the end", async (t) => {
  const bench = setUp(`steps:
  - {id: a, uses: log/say, with: {text: a}}
finally:
  - {id: find, uses: find/it}
  - {id: each, uses: log/say, strategy: {matrix: {who: "\${{ steps.find.outputs.list }}"}}, with: {text: "\${{ matrix.who }}"}}`);
  const plan = await bench.engine.plan();
  t.strictSame(bench.log, []);
  t.match(plan.steps[1], { deferred: true, notes: [/reads at the end/] });
  t.match(plan.steps[2], {
    deferred: true,
    combinations: null,
    notes: [/combinations depend on steps\.find/],
  });
  t.equal((await bench.engine.run()).error, null);
  t.strictSame(bench.log, ["a", "find web", "web", "web2"]);
});
