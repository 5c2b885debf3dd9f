import t from "tap";
import { setTimeout as sleep } from "node:timers/promises";
import { fc } from "../fixtures/property.js";
import { combine } from "../../lib/engine/matrix.js";
import { HopbookError } from "../../lib/errors.js";
import { evaluateChecks, type ExpressionEnv } from "../../lib/runbook/index.js";
import type { StepContext } from "../../lib/model/steps.js";
import { kind, runAll, setUp } from "./setup.js";

t.test("combinations come row by row, the last name first", (t) => {
  t.strictSame(
    combine({ a: [1, 2], b: ["x", "y"] }).map(({ label }) => label),
    ["a=1, b=x", "a=1, b=y", "a=2, b=x", "a=2, b=y"],
  );
  t.strictSame(combine({ a: [] }), []);
  t.match(combine({ a: [{ deep: "x".repeat(200) }] })[0]?.label, /^a=\{"deep":"x+…$/);
  const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
  t.equal(combine({ a: numbers(16), b: numbers(16) }).length, 256);
  t.throws(() => combine({ a: numbers(16), b: numbers(17) }), {
    ...{ code: "INPUT_INVALID", message: /272 combinations.*at most 256/ },
  });
  fc.assert(
    fc.property(fc.array(fc.integer(), { maxLength: 6 }), fc.array(fc.string(), { maxLength: 6 }), (a, b) => {
      const made = combine({ a, b });
      return (
        made.length === a.length * b.length &&
        made.every(({ values, index }) => {
          const row = Math.floor(index / b.length);
          return values["a"] === a[row] && values["b"] === b[index % b.length];
        })
      );
    }),
  );
  t.end();
});

const matrix = (more: string, names = "letter: [a, b, c]"): string => `strategy: {matrix: {${names}}${more}}`;

t.test("each combination runs with its own values, and the outputs are a list", async (t) => {
  const bench = setUp(`steps:
  - id: each
    uses: log/say
    ${matrix("", "letter: '${{ inputs.list }}', number: [1, '${{ inputs.word }}']")}
    with: {text: "\${{ matrix.letter }}\${{ matrix.number }}"}
    outputs: {loud: "\${{ result.said + '!' + matrix.letter }}"}
  - {id: sum, uses: log/say, with: {text: "\${{ steps.each.outputs.map(o, o.outputs.loud) }}"}}
  - {id: first, uses: log/say, with: {text: "\${{ steps.each.outputs[0].matrix.letter + steps.each.outputs[0].status }}"}}`);
  const plan = await bench.engine.plan();
  const [each, sum] = plan.steps;
  t.strictSame(each?.combinations?.map(({ label, commandCount }) => [label, commandCount]).slice(0, 2), [
    ["letter=a, number=1", 1],
    ["letter=a, number=hello", 1],
  ]);
  t.strictSame(
    each?.commands.map(({ argv }) => argv[1]),
    ["a1", "ahello", "b1", "bhello", "c1", "chello"],
  );
  t.equal(sum?.deferred, true);
  t.strictSame(sum?.notes, ["its commands depend on steps.each, and are known only then"]);
  t.strictSame(bench.log, []);
  const outcome = await bench.engine.run();
  t.equal(outcome.error, null);
  t.strictSame(bench.log, [
    ...["a1", "ahello", "b1", "bhello", "c1", "chello"],
    '["a1!a","ahello!a","b1!b","bhello!b","c1!c","chello!c"]',
    "adone",
  ]);
  const started = bench.events.flatMap((event) =>
    event.type === "stepStarted" && event.step === "each" ? [event.combination] : [],
  );
  t.equal(started[0], undefined, "the step as a whole begins first");
  t.equal(started.length, 7);
  t.match(bench.events.filter((event) => event.type === "stepEnded" && event.step === "each").at(-1), {
    combination: undefined,
    status: "done",
  });
});

t.test("maxParallel bounds them, and parallel ones keep apart what they hold and say", async (t) => {
  let [now, most] = [0, 0];
  const names: string[] = [];
  const released: string[] = [];
  const busy = kind("busy/it", {
    run: async (input, context: StepContext) => {
      now += 1;
      most = Math.max(most, now);
      names.push(context.evidenceName);
      const key = `key-${String(input["n"])}`;
      context.hold(key, input["n"], () => Promise.resolve(void released.push(key)));
      await sleep(15);
      now -= 1;
      context.markIncomplete("half of it");
      return { mine: context.held(key) === input["n"] };
    },
  });
  const bench = setUp(
    `steps:
  - {id: busy, uses: busy/it, strategy: {matrix: {n: [1, 2, 3, 4, 5, 6]}, maxParallel: 3}, with: {n: "\${{ matrix.n }}"}}
  - {id: all, uses: log/say, with: {text: "\${{ steps.busy.outputs.all(o, o.outputs.mine) }}"}}`,
    [busy],
  );
  const outcome = await runAll(bench);
  t.equal(most, 3);
  t.strictSame(
    names.toSorted(),
    [0, 1, 2, 3, 4, 5].map((index) => `busy.${index}`),
  );
  t.strictSame(bench.log, ["true"]);
  t.equal(outcome.incomplete.length, 6);
  t.equal(outcome.incomplete[0], "half of it [n=1]");
  t.equal(released.length, 6);
});

t.test("a key has one holder: the second is refused, and let go of all the same", async (t) => {
  const released: string[] = [];
  const holder = kind("hold/it", {
    run: async (input, context) => {
      const name = String(input["name"]);
      context.hold("shared", name, () => Promise.resolve(void released.push(name)));
      await sleep(5);
      return { held: context.held("shared") };
    },
  });
  const bench = setUp(
    `steps:
  - {id: h, uses: hold/it, strategy: {matrix: {name: [x, y]}, maxParallel: 2, failFast: false}, continueOnError: true, with: {name: "\${{ matrix.name }}"}}
  - {id: say, uses: log/say, with: {text: "\${{ steps.h.outputs }}"}}`,
    [holder],
  );
  const outcome = await runAll(bench);
  t.match(outcome.incomplete, [/Cannot hold shared for step h\.1: step h\.0 holds it.*\[name=y\]/]);
  t.match(bench.log[0], /"held":"x"/);
  t.strictSame(released.toSorted(), ["x", "y"]);
});

const stumble = kind("stumble/it", {
  run: async (input, context) => {
    const letter = String(input["letter"]);
    if (letter === "b") {
      await sleep(10);
      throw new HopbookError("COMMAND_FAILED", "b is bad", { outputs: { exitCode: 7 } });
    }
    const end = AbortSignal.any([context.signal, context.cancelled]);
    await sleep(50, undefined, { signal: end }).catch(() => undefined);
    return { letter, early: context.cancelled.aborted };
  },
});

const STUMBLE = (more: string): string => `steps:
  - {id: s, uses: stumble/it, continueOnError: true, ${matrix(more)}, with: {letter: "\${{ matrix.letter }}"}}
  - {id: say, uses: log/say, with: {text: "\${{ steps.s.outputs.map(o, o.status) }}"}}
  - {id: code, uses: log/say, with: {text: "\${{ steps.s.outputs.filter(o, o.status == 'failed')[0].outputs.exitCode }}"}}
  - {id: then, uses: log/say, needs: [s], with: {text: never}}`;

t.test("failFast: those that run are cancelled, the others skipped", async (t) => {
  const one = setUp(STUMBLE(""), [stumble]);
  const outcome = await runAll(one);
  t.strictSame(one.log, ['["done","failed","skipped"]', "7"]);
  t.strictSame(outcome.incomplete, ["s: b is bad [letter=b]"]);
  const two = setUp(STUMBLE(", maxParallel: 3"), [stumble]);
  await runAll(two);
  t.strictSame(two.log, ['["done","failed","done"]', "7"], "in good order: what they have is kept");
});

t.test("without failFast all of them run", async (t) => {
  const bench = setUp(STUMBLE(", failFast: false"), [stumble]);
  await runAll(bench);
  t.strictSame(bench.log, ['["done","failed","done"]', "7"]);
});

t.test("a matrix that fails and may not fails the run, and says how many", async (t) => {
  const bench = setUp(
    `steps:\n  - {id: f, uses: fail/it, ${matrix(", failFast: false")}}\n  - {id: n, uses: log/say, with: {text: n}}`,
  );
  const outcome = await runAll(bench);
  t.match(outcome.error, {
    code: "COMMAND_FAILED",
    message: "3 of 3 combinations failed; the first [letter=a]: gone",
  });
  t.strictSame(bench.log, ["fail", "fail", "fail"]);
});

t.test(
  "a matrix of nothing is skipped; `if` may look at the matrix, or keep it from being read",
  async (t) => {
    const bench = setUp(
      `steps:
  - {id: empty, uses: log/say, strategy: {matrix: {x: "\${{ inputs.list }}"}}, with: {text: x}}
  - {id: some, uses: log/say, ${matrix("")}, if: "\${{ matrix.letter != 'b' }}", with: {text: "\${{ matrix.letter }}"}}
  - {id: found, uses: find/it}
  - {id: off, uses: log/say, strategy: {matrix: {x: "\${{ steps.found.outputs.name }}"}}, if: "\${{ !inputs.on }}", with: {text: x}}`,
      [],
      { inputs: { list: [] } },
    );
    const plan = await bench.engine.plan();
    t.strictSame(
      plan.steps.map(({ skipped }) => skipped),
      ["its matrix is empty", null, null, "its condition is false"],
    );
    await bench.engine.run();
    t.strictSame(bench.log, ["find web", "a", "c"]);
  },
);

t.test("values that are no list are an error at their place", async (t) => {
  const bench = setUp(
    `steps:
  - {id: f, uses: find/it}
  - {id: x, uses: log/say, strategy: {matrix: {x: "\${{ steps.f.outputs.name }}"}}, with: {text: x}}`,
  );
  await t.rejects(bench.engine.plan(), {
    ...{ code: "EXPRESSION_INVALID", message: /matrix\.x are no list but "web"/, where: { line: 10 } },
  });
});

t.test("discovery with a matrix runs while the plan is made", async (t) => {
  const bench = setUp(`steps:
  - {id: find, uses: find/it, strategy: {matrix: {name: [web, db]}, maxParallel: 2}, with: {name: "\${{ matrix.name }}"}}
  - id: each
    uses: log/say
    strategy: {matrix: {who: "\${{ steps.find.outputs.map(o, o.outputs.name) }}"}}
    with: {text: "to \${{ matrix.who }}"}`);
  const plan = await bench.engine.plan();
  t.strictSame(bench.log.toSorted(), ["find db", "find web"]);
  t.strictSame(
    plan.steps[1]?.combinations?.map(({ label }) => label),
    ["who=web", "who=db"],
  );
  await bench.engine.run();
  t.strictSame(bench.log.slice(2), ["to web", "to db"]);
});

t.test("discovery where one combination fails: the plan fails, or goes on with the others", async (t) => {
  const steps = (more: string): string => `steps:
  - {id: find, uses: find/it, strategy: {matrix: {name: [web, nobody]}, failFast: false}, with: {name: "\${{ matrix.name }}"}${more}}
  - {id: say, uses: log/say, with: {text: "\${{ steps.find.outputs.map(o, o.status) }}"}}`;
  await t.rejects(setUp(steps("")).engine.plan(), {
    code: "TARGET_NOT_FOUND",
    message: /1 of 2 combinations/,
  });
  const bench = setUp(steps(", continueOnError: true"));
  const plan = await bench.engine.plan();
  t.strictSame(plan.steps[0]?.notes, ["it failed: no pod"]);
  const outcome = await bench.engine.run();
  t.equal(bench.log.at(-1), '["done","failed"]');
  t.strictSame(outcome.incomplete, ["find: no pod [name=nobody]"]);
});

t.test("a matrix in the background is ready when its first ones are, and is cancelled as one", async (t) => {
  const bench = setUp(`steps:
  - {id: bg, uses: go/on, background: true, strategy: {matrix: {n: [x, y, z]}, maxParallel: 2}, with: {name: "\${{ matrix.n }}", startMs: 20}}
  - {id: next, uses: log/say, with: {text: next}}
  - {id: stop, cancel: [bg]}`);
  t.equal((await runAll(bench)).status, "done");
  t.strictSame(bench.log, ["x on", "y on", "next", "x cancelled", "y cancelled"]);
});

t.test(
  "of a matrix that never ran the outputs are null, and no empty list on which a check passes",
  async (t) => {
    const checked = `checks:
  - {id: all, outcomes: [{pass: {if: "\${{ steps.each.outputs.all(o, o.status == 'done') }}", message: all}}]}`;
    for (const [first, each] of [
      ["{id: breaks, uses: fail/it}", ""],
      ["{id: breaks, uses: fail/it, continueOnError: true}", "needs: [breaks], "],
    ]) {
      const bench = setUp(`steps:
  - ${first}
  - {id: each, ${each}uses: log/say, strategy: {matrix: {letter: [a, b]}}, with: {text: "\${{ matrix.letter }}"}}
${checked}`);
      await runAll(bench);
      const env = bench.files.get("evidence/environment.json") as ExpressionEnv;
      t.equal((env.steps as Record<string, { outputs: unknown }>)["each"]?.outputs, null);
      const [check] = evaluateChecks(bench.runbook, { ...env, findings: {} });
      t.equal(check?.status, "incomplete");
    }
  },
);
