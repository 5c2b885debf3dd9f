import t from "tap";
import { findReferences, findUnknown } from "../../lib/engine/references.js";
import { HopbookError } from "../../lib/errors.js";
import { kind, runAll, setUp } from "./setup.js";

t.test("the steps that expressions name", (t) => {
  const of = (text: string): unknown => findReferences({ deep: [text] });
  t.strictSame(of("steps.a.outputs.b"), [], "only in an expression");
  t.strictSame(of("${{ steps.a.outputs.b }}"), [{ step: "a", output: "b" }]);
  t.strictSame(of("x ${{ steps['a'].outputs[\"b\"] + steps . c . outputs }}"), [
    { step: "a", output: "b" },
    { step: "c", output: null },
  ]);
  t.strictSame(of("${{ steps[inputs.name].outputs.b }}"), [{ step: null, output: "b" }]);
  t.strictSame(of("${{ inputs.steps.x + mysteps.y }}"), []);
  t.strictSame(
    of("${{ 'steps.a.outputs.b' + mine(steps.a).steps }}"),
    [{ step: "a", output: null }],
    "no text",
  );
  t.strictSame(
    of("${{ inputs.list[steps.a.outputs['n']].map(x, x + steps.b.outputs[steps.c.outputs.key]) }}"),
    [
      { step: "a", output: "n" },
      { step: "b", output: null },
      { step: "c", output: "key" },
    ],
  );
  const known = {
    open: new Set(["a", "b"]),
    outputs: new Map<string, unknown>([
      ["a", { x: 1 }],
      ["c", {}],
    ]),
  };
  t.strictSame(findUnknown("${{ steps.a.outputs.x + steps.c.outputs.y }}", known), []);
  t.strictSame(findUnknown("${{ steps.a.outputs.y + steps.b.outputs.y + steps.a.outputs.z }}", known), [
    "a",
    "b",
  ]);
  t.strictSame(findUnknown("${{ steps.a.outputs }}", known), ["a"]);
  t.strictSame(findUnknown("${{ steps }}", known), ["a", "b"]);
  t.end();
});

t.test("what depends on outputs of the run is deferred, and planned then", async (t) => {
  const bench = setUp(
    `steps:
  - {id: a, uses: log/say, with: {text: a}}
  - {id: b, uses: late/it, with: {text: "\${{ steps.a.outputs.loud }}"}}
  - {id: c, uses: log/say, if: "\${{ steps.a.outputs.loud == 'A' }}", with: {text: c}}`,
    [
      kind("late/it", {
        plan: (input) =>
          Promise.resolve({
            commands: [
              { node: "n", action: "node/read", argv: ["cat", String(input["text"])], effect: "read" },
            ],
            outputs: {},
            notes: [],
          }),
        run: (_input, _context, { commands }) => Promise.resolve({ ran: commands[0]?.argv.join(" ") }),
      }),
    ],
  );
  const plan = await bench.engine.plan();
  t.match(plan.steps[1], {
    ...{ deferred: true, commands: [], skipped: null },
    notes: ["its commands depend on steps.a, and are known only then"],
  });
  t.match(plan.steps[2], {
    deferred: false,
    commands: [{ argv: ["echo", "c"], condition: "if steps.a says so" }],
    notes: ["whether it runs depends on steps.a, and is known only then"],
  });
});

t.test("a deferred step's commands are said when they are known", async (t) => {
  const late = kind("late/it", {
    plan: (input) =>
      Promise.resolve({
        commands: [{ node: "n", action: "node/read", argv: ["cat", String(input["text"])], effect: "read" }],
        outputs: {},
        notes: [],
      }),
    run: (_input, _context, { commands }) => Promise.resolve({ ran: commands[0]?.argv.join(" ") }),
  });
  const bench = setUp(
    `steps:
  - {id: a, uses: go/on, with: {ms: 1}}
  - {id: b, uses: late/it, with: {text: "\${{ steps.a.outputs.kept }}"}}
  - {id: find, uses: find/it, with: {name: "\${{ steps.a.outputs.kept }}"}}
  - {id: c, uses: log/say, with: {text: "\${{ steps.b.outputs.ran + steps.find.outputs.name }}"}}`,
    [late],
  );
  const plan = await bench.engine.plan();
  t.strictSame(
    plan.steps.map(({ deferred }) => deferred),
    [false, true, true, true],
  );
  t.match(plan.steps[2]?.notes, ["what it reads depends on steps.a, and is known only then"]);
  await bench.engine.run();
  t.strictSame(bench.log, ["it on", "it off", "find it", "cat itit"]);
  t.match(
    bench.events.filter((event) => event.type === "note"),
    [{ step: "b", text: "known only now: 1 command (node/read on n)" }],
  );
});

t.test("discovery that needs an action waits for it", async (t) => {
  const bench = setUp(`steps:
  - {id: a, uses: log/say, with: {text: a}}
  - {id: find, uses: find/it, needs: [a]}`);
  const plan = await bench.engine.plan();
  t.equal(plan.steps[1]?.deferred, true);
  await bench.engine.run();
  t.strictSame(bench.log, ["a", "find web"]);
});

t.test("discovery that fails and may: the plan goes on, what needs it is skipped", async (t) => {
  const bench = setUp(`steps:
  - {id: find, uses: find/it, continueOnError: true, with: {name: nobody}}
  - {id: a, uses: log/say, needs: [find], with: {text: a}}
  - {id: more, uses: find/it, needs: [find]}
  - {id: b, uses: log/say, with: {text: b}}`);
  const plan = await bench.engine.plan();
  t.strictSame(
    plan.steps.map(({ skipped }) => skipped),
    [null, "find, which it needs, failed", "find, which it needs, failed", null],
  );
  const outcome = await bench.engine.run();
  t.strictSame(bench.log, ["find nobody", "b"]);
  t.strictSame(outcome.incomplete, ["find: no pod"]);
});

t.test(
  "an action that cannot be planned: an error of the plan, or of the step where it may fail",
  async (t) => {
    const broken = kind("broken/it", {
      plan: () => Promise.reject(new HopbookError("TARGET_NOT_FOUND", "no such pod")),
      run: () => Promise.resolve({}),
    });
    const steps = (more: string): string => `steps:\n  - {id: a, uses: broken/it${more}}`;
    await t.rejects(setUp(steps(""), [broken]).engine.plan(), { code: "TARGET_NOT_FOUND" });
    const bench = setUp(steps(", continueOnError: true"), [broken]);
    const plan = await bench.engine.plan();
    t.strictSame(plan.steps[0]?.notes, ["it cannot be planned: no such pod"]);
    t.strictSame((await bench.engine.run()).incomplete, ["a: no such pod"]);
  },
);

t.test("the same runbook has the same digest, a matrix that runs side by side too", async (t) => {
  const steps = `steps:
  - {id: find, uses: find/it, strategy: {matrix: {name: [x, y, z]}, maxParallel: 3}, with: {name: "\${{ matrix.name }}"}}
  - {id: say, uses: log/say, strategy: {matrix: {n: [1, 2, 3]}, maxParallel: 3}, with: {text: "\${{ matrix.n }}"}}
  - {id: bg, uses: go/on, background: true, timeout: 5s, retry: {count: 1}}
  - {id: stop, cancel: [bg]}`;
  const plans = [];
  for (let times = 0; times < 3; times += 1) plans.push(await setUp(steps).engine.plan());
  t.equal(new Set(plans.map(({ digest }) => digest)).size, 1);
  t.match(plans[0]?.steps[2], { background: true, timeoutMs: 5000, retry: { count: 1, delayMs: 1000 } });
  t.match(plans[0]?.steps[3], { form: "cancel", needs: ["bg"], title: "Cancel bg", commands: [] });
});

t.test("what the steps put out is kept, for the checks", async (t) => {
  const bench = setUp(`steps:
  - id: a
    uses: log/say
    with: {text: hi}
    outputs: {long: "\${{ result.said.size() }}", pair: "\${{ [result.said, inputs.word] }}"}
  - {id: b, uses: fail/it, continueOnError: true, with: {outputs: {exitCode: 3}}}
  - {id: c, uses: log/say, if: "\${{ steps.b.outputs.exitCode == 3 }}", with: {text: "\${{ steps.a.outputs.pair }}"}}`);
  await runAll(bench);
  t.strictSame(bench.log, ["hi", "fail", '["hi","hello"]']);
  t.match(bench.files.get("evidence/environment.json"), {
    inputs: { word: "hello" },
    steps: {
      a: { outputs: { said: "hi", long: 2, pair: ["hi", "hello"] } },
      b: { outputs: { exitCode: 3 } },
    },
    cluster: { name: "lab" },
    run: { id: "r1" },
  });
});

t.test("a command without a name is called by its words, without what is not known yet", async (t) => {
  const long = "x".repeat(80);
  const bench = setUp(
    `steps:
  - {id: a, run: [ip, -s, "\${{ inputs.word }}"], on: node/a}
  - {id: b, run: [${long}], on: node/a}
  - {id: c, name: Links, run: [ip], on: node/a}`,
    [kind("command/run", { run: () => Promise.resolve({}) })],
  );
  const plan = await bench.engine.plan();
  t.strictSame(
    plan.steps.map(({ title }) => title),
    ["Run ip -s …", `Run ${long.slice(0, 60)}…`, "Links"],
  );
});
