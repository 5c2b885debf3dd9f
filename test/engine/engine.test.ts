import t from "tap";
import { setTimeout as sleep } from "node:timers/promises";
import { HopbookError } from "../../lib/errors.js";
import { kind, setUp } from "./setup.js";

t.test("plan runs discovery, asks actions for their commands, and runs none of them", async (t) => {
  let discovered = 0;
  const bench = setUp(
    `steps:
  - {id: find, uses: find/it}
  - {id: say, uses: log/say, with: {text: "\${{ steps.find.outputs.name }} \${{ inputs.word }}"}}
  - {id: never, uses: log/say, if: "\${{ !inputs.on }}", with: {text: x}}`,
    [
      kind("find/it", {
        phase: "discovery",
        plan: () => {
          discovered += 1;
          return Promise.resolve({ commands: [], outputs: { name: "web" }, notes: ["found"] });
        },
      }),
    ],
  );
  const plan = await bench.engine.plan();
  t.equal(discovered, 1);
  t.strictSame(bench.log, []);
  t.strictSame(plan.steps[1]?.commands[0]?.argv, ["echo", "web hello"]);
  t.equal(plan.steps[2]?.skipped, "its condition is false");
  t.match(plan.digest, /^sha256:[0-9a-f]{64}$/);
  const outcome = await bench.engine.run();
  t.equal(outcome.status, "done");
  t.equal(discovered, 1, "discovery is not run twice");
  t.strictSame(bench.log, ["web hello"]);
});

t.test("a step sees what an earlier one really put out, not what was planned", async (t) => {
  const bench = setUp(
    `steps:
  - {id: a, uses: log/say, with: {text: first}}
  - {id: b, uses: log/say, with: {text: "after \${{ steps.a.outputs.said }}"}}`,
    [],
  );
  const plan = await bench.engine.plan();
  t.strictSame(plan.steps[1]?.commands[0]?.argv, ["echo", "after planned"]);
  await bench.engine.run();
  t.strictSame(bench.log, ["first", "after first"]);
});

t.test("what a step printed is not evaluated again", async (t) => {
  const bench = setUp(
    `steps:
  - {id: a, uses: evil/out}
  - {id: b, uses: log/say, with: {text: "\${{ steps.a.outputs.text }}"}}`,
    [
      kind("evil/out", {
        run: () => Promise.resolve({ text: "${{ inputs.word }}" }),
        plan: () => Promise.resolve({ commands: [], outputs: { text: "" }, notes: [] }),
      }),
    ],
  );
  await bench.engine.plan();
  await bench.engine.run();
  t.strictSame(bench.log, ["${{ inputs.word }}"]);
});

const failing = (message: string) =>
  kind("fail/it", { run: () => Promise.reject(new HopbookError("COMMAND_FAILED", message)) });

t.test("a failure ends the steps, runs finally, lets go of what is held, newest first", async (t) => {
  const released: string[] = [];
  const hold = kind("hold/it", {
    run: (input, context) => {
      const name = String(input["name"]);
      context.hold(name, 1, ({ interrupted }) => {
        released.push(`${name} ${interrupted}`);
        return name === "second" ? Promise.reject(new Error("stuck")) : Promise.resolve();
      });
      return Promise.resolve({});
    },
  });
  const bench = setUp(
    `steps:
  - {id: h1, uses: hold/it, with: {name: first}}
  - {id: h2, uses: hold/it, with: {name: second}}
  - {id: bad, uses: fail/it}
  - {id: later, uses: log/say, with: {text: later}}
finally:
  - {id: last, uses: log/say, with: {text: finally}}`,
    [hold, failing("no such thing")],
  );
  await bench.engine.plan();
  const outcome = await bench.engine.run();
  t.equal(outcome.status, "failed");
  t.match(outcome.error, { code: "COMMAND_FAILED" });
  t.strictSame(bench.log, ["finally"]);
  t.strictSame(released, ["second false", "first false"]);
  t.strictSame(outcome.incomplete, ["bad: no such thing", "cleaning up second: stuck"]);
  await bench.engine.close();
  t.equal(released.length, 2, "nothing is let go of twice");
});

t.test("continueOnError goes on, and the run is incomplete", async (t) => {
  const bench = setUp(
    `steps:
  - {id: bad, uses: fail/it, continueOnError: true}
  - {id: later, uses: log/say, with: {text: later}}`,
    [failing("gone")],
  );
  await bench.engine.plan();
  const outcome = await bench.engine.run();
  t.equal(outcome.status, "done");
  t.strictSame(outcome.incomplete, ["bad: gone"]);
  t.strictSame(bench.log, ["later"]);
});

t.test("a step's time limit is its own", async (t) => {
  const slow = kind("slow/it", { run: async (_input, { signal }) => sleep(5000, {}, { signal }) });
  const bench = setUp(`steps:\n  - {id: slow, uses: slow/it, timeout: 50ms}`, [slow]);
  await bench.engine.plan();
  const outcome = await bench.engine.run();
  t.match(outcome.error, { code: "COMMAND_TIMEOUT", message: /slow.*50 ms/ });
});

t.test("an interruption ends the run, still runs finally, and says interrupted", async (t) => {
  const released: boolean[] = [];
  const slow = kind("slow/it", {
    run: async (_input, context) => {
      context.hold("x", 1, ({ interrupted }) => {
        released.push(interrupted);
        return Promise.resolve();
      });
      return sleep(5000, {}, { signal: context.signal });
    },
  });
  const bench = setUp(
    `steps:
  - {id: slow, uses: slow/it}
  - {id: later, uses: log/say, with: {text: later}}
finally:
  - {id: last, uses: wait/bit}
  - {id: said, uses: log/say, with: {text: finally}}`,
    [slow, kind("wait/bit", { run: async (_input, { signal }) => sleep(10, {}, { signal }) })],
  );
  await bench.engine.plan();
  setTimeout(() => bench.abort.abort(), 30);
  const outcome = await bench.engine.run();
  t.equal(outcome.status, "interrupted");
  t.match(outcome.error, { code: "INTERRUPTED" });
  t.strictSame(released, [true]);
  t.strictSame(bench.log, ["finally"], "finally has a signal of its own");
});

t.test("an unknown kind and a discovery that fails are errors of the plan", async (t) => {
  const bench = setUp(`steps:\n  - {id: a, uses: no/such}`, []);
  await t.rejects(bench.engine.plan(), { code: "DOCUMENT_INVALID" });
  const second = setUp(`steps:\n  - {id: a, uses: find/it}`, [
    kind("find/it", {
      phase: "discovery",
      plan: () => Promise.reject(new HopbookError("TARGET_NOT_FOUND", "no pod")),
    }),
  ]);
  await t.rejects(second.engine.plan(), { code: "TARGET_NOT_FOUND" });
  t.match(second.events[0], { type: "stepStarted", step: "a" });
  t.match(
    second.events.at(-1),
    { type: "stepEnded", status: "failed" },
    "the error itself is said at the end alone",
  );
});
