import t from "tap";
import { setTimeout as sleep } from "node:timers/promises";
import { HopbookError, type ErrorCode } from "../../lib/errors.js";
import { systemClock, type Clock } from "../../lib/model/clock.js";
import type { StepKind } from "../../lib/model/steps.js";
import { kind, runAll, setUp } from "./setup.js";
import { mostMs } from "../fixtures/patience.js";

/** A kind that fails so many times before it is done. */
function flaky(failures: number, code: ErrorCode = "COMMAND_FAILED"): [[string, StepKind], () => number] {
  let tries = 0;
  const made = kind("flaky/it", {
    run: () => {
      tries += 1;
      return tries <= failures
        ? Promise.reject(new HopbookError(code, `no ${tries}`))
        : Promise.resolve({ tries });
    },
  });
  return [made, () => tries];
}

/** A clock on which waiting takes no time and is written down. */
function fakeClock(): { clock: Clock; slept: number[] } {
  const slept: number[] = [];
  const clock: Clock = { ...systemClock, sleep: (ms) => Promise.resolve(void slept.push(ms)) };
  return { clock, slept };
}

const STEP = (more: string): string => `steps:
  - {id: f, uses: flaky/it${more}}
  - {id: say, uses: log/say, with: {text: "\${{ steps.f.outputs.tries }}"}}`;

t.test("a step is tried again so often, and so long apart", async (t) => {
  const [made, tries] = flaky(2);
  const { clock, slept } = fakeClock();
  const bench = setUp(STEP(", retry: {count: 3, delay: 2s}"), [made], { clock });
  const outcome = await runAll(bench);
  t.equal(outcome.status, "done");
  t.equal(tries(), 3);
  t.strictSame(slept, [2000, 2000]);
  t.strictSame(bench.log, ["3"]);
  t.strictSame(outcome.incomplete, [], "what failed on the way is no gap");
  const notes = bench.events.flatMap((event) =>
    event.type === "note" && event.step === "f" ? [event.text] : [],
  );
  t.strictSame(notes, ["try 1 of 4 failed: no 1; again in 2.0 s", "try 2 of 4 failed: no 2; again in 2.0 s"]);
});

t.test("the last try's failure is the step's", async (t) => {
  const [made, tries] = flaky(9);
  const bench = setUp(STEP(", retry: {count: 2}"), [made], { clock: fakeClock().clock });
  const outcome = await runAll(bench);
  t.match(outcome.error, { code: "COMMAND_FAILED", message: "no 3" });
  t.equal(tries(), 3);
  t.strictSame(outcome.incomplete, ["f: no 3"]);
});

for (const code of ["PERMISSION_DENIED", "INTERRUPTED"] as const) {
  t.test(`${code} is final`, async (t) => {
    const [made, tries] = flaky(9, code);
    const outcome = await runAll(setUp(STEP(", retry: {count: 5, delay: 1ms}"), [made]));
    t.match(outcome.error, { code });
    t.equal(tries(), 1);
  });
}

t.test("who is cancelled or interrupted while it waits for the next try has no next try", async (t) => {
  const [made, tries] = flaky(9);
  const steps = `steps:
  - {id: f, uses: flaky/it, background: true, continueOnError: true, retry: {count: 5, delay: 50s}}
  - {id: w, uses: time/nap}
  - {id: stop, cancel: [f]}`;
  const nap = kind("time/nap", { run: () => sleep(20) });
  const startedMs = performance.now();
  t.equal((await runAll(setUp(steps, [made, nap]))).status, "done");
  t.equal(tries(), 1);
  t.ok(performance.now() - startedMs < mostMs(2000));

  const [again, count] = flaky(9);
  const bench = setUp(STEP(", retry: {count: 5, delay: 50s}"), [again]);
  await bench.engine.plan();
  setTimeout(() => bench.abort.abort(), 20);
  t.equal((await bench.engine.run()).status, "interrupted");
  t.equal(count(), 1);
});

t.test("the time limit is that of each try", async (t) => {
  let tries = 0;
  const slow = kind("flaky/it", {
    run: async (_input, { signal }) => {
      tries += 1;
      await sleep(tries === 1 ? 5000 : 30, {}, { signal });
      return { tries };
    },
  });
  const bench = setUp(STEP(", timeout: 50ms, retry: {count: 1, delay: 1ms}"), [slow]);
  const outcome = await runAll(bench);
  t.equal(outcome.error, null);
  t.strictSame(bench.log, ["2"]);
  const notes = bench.events.flatMap((event) => (event.type === "note" ? [event.text] : []));
  t.match(notes, [/^try 1 of 2 failed: .*its time limit of 50 ms is over/]);
});

t.test("a step that obeys no signal does not hold up the run", async (t) => {
  const bench = setUp(`steps:
  - {id: deaf, uses: deaf/it, timeout: 20ms}
finally:
  - {id: last, uses: log/say, with: {text: last}}`);
  const startedMs = performance.now();
  const outcome = await runAll(bench);
  t.ok(performance.now() - startedMs < mostMs(900));
  t.match(outcome.error, { code: "COMMAND_TIMEOUT" });
  t.strictSame(bench.log, ["last"]);
});

t.test("discovery is tried again while the plan is made", async (t) => {
  let tries = 0;
  const find = kind("flaky/it", {
    phase: "discovery",
    plan: () => {
      tries += 1;
      if (tries < 3) return Promise.reject(new HopbookError("NODE_UNREACHABLE", "not yet"));
      return Promise.resolve({ commands: [], outputs: { tries }, notes: [] });
    },
  });
  const bench = setUp(STEP(", retry: {count: 2, delay: 1ms}"), [find]);
  const plan = await bench.engine.plan();
  t.strictSame(plan.steps[1]?.commands[0]?.argv, ["echo", "3"]);
});
