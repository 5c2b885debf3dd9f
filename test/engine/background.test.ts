import t from "tap";
import { runAll, setUp, type Bench } from "./setup.js";
import { mostMs } from "../fixtures/patience.js";

/** How each step ended, by what was said of it last. */
function ends(bench: Bench): Record<string, string> {
  return Object.fromEntries(
    bench.events.flatMap((event) =>
      event.type === "stepEnded" && event.combination === undefined ? [[event.step, event.status]] : [],
    ),
  );
}

const say = (id: string, more = ""): string => `  - {id: ${id}, uses: log/say, with: {text: ${id}}${more}}`;

t.test("a step in the background goes on beside those after it, and is waited for at the end", async (t) => {
  const bench = setUp(`steps:
  - {id: bg, uses: go/on, background: true, with: {ms: 80}}
${say("next")}`);
  const outcome = await runAll(bench);
  t.equal(outcome.status, "done");
  t.strictSame(bench.log, ["it on", "next", "it off"]);
});

t.test("the next step begins when what it relies on is ready", async (t) => {
  const bench = setUp(`steps:
  - {id: bg, uses: go/on, background: true, with: {startMs: 60, ms: 20}}
${say("next")}`);
  await runAll(bench);
  t.strictSame(bench.log.slice(0, 2), ["it on", "next"]);
});

t.test("one that fails before it is ready holds nobody up", async (t) => {
  const bench = setUp(`steps:
  - {id: bg, uses: fail/it, background: true, continueOnError: true}
${say("next")}`);
  t.equal((await runAll(bench)).status, "done");
  t.strictSame(bench.log, ["fail", "next"]);
});

t.test("wait waits, and its outputs can be seen behind it", async (t) => {
  const bench = setUp(`steps:
  - {id: bg, uses: go/on, background: true, with: {ms: 60}}
${say("beside")}
  - {id: join, wait: [bg]}
  - {id: after, uses: log/say, with: {text: "\${{ steps.bg.outputs.kept }} is here"}}`);
  const outcome = await runAll(bench);
  t.strictSame(bench.log, ["it on", "beside", "it off", "it is here"]);
  t.equal(outcome.error, null);
});

t.test("a wait has a time limit like any step; the run fails, and the background is cancelled", async (t) => {
  const bench = setUp(`steps:
  - {id: bg, uses: go/on, background: true, with: {ms: 5000}}
  - {id: join, wait: [bg], timeout: 40ms}
${say("never")}`);
  const outcome = await runAll(bench);
  t.match(outcome.error, { code: "COMMAND_TIMEOUT", message: /join.*40 ms/ });
  t.strictSame(bench.log, ["it on", "it cancelled"]);
  t.strictSame(ends(bench), { join: "failed", bg: "done" });
});

t.test("cancel ends a step in good order, and what it has is kept", async (t) => {
  const bench = setUp(`steps:
  - {id: bg, uses: go/on, background: true}
${say("beside")}
  - {id: stop, cancel: [bg]}
  - {id: after, uses: log/say, with: {text: "kept \${{ steps.bg.outputs.kept }}"}}`);
  const outcome = await runAll(bench);
  t.equal(outcome.status, "done");
  t.strictSame(outcome.incomplete, []);
  t.strictSame(bench.log, ["it on", "beside", "it cancelled", "kept it"]);
  t.strictSame(ends(bench), { beside: "done", bg: "done", stop: "done", after: "done" });
});

t.test(
  "one that does not end by itself is made to after the grace time, and that is a failure",
  async (t) => {
    const bench = setUp(`steps:
  - {id: bg, uses: hang/on, background: true}
  - {id: stop, cancel: [bg]}`);
    const startedMs = performance.now();
    const outcome = await runAll(bench);
    const tookMs = performance.now() - startedMs;
    t.ok(tookMs >= 55 && tookMs < mostMs(1000), `${Math.round(tookMs)} ms`);
    t.match(outcome.error, { message: /did not end by itself within 60 ms/ });
    t.strictSame(ends(bench), { bg: "failed", stop: "done" });
  },
);

t.test("one that ends within the grace time is no failure", async (t) => {
  const bench = setUp(
    `steps:
  - {id: bg, uses: hang/on, background: true, with: {ms: 40}}
  - {id: stop, cancel: [bg]}`,
    [],
    { timing: { graceMs: 1000 } },
  );
  t.equal((await runAll(bench)).status, "done");
  t.strictSame(bench.log, ["hang", "hung"]);
});

t.test("one that obeys nothing is left alone after a moment", async (t) => {
  const bench = setUp(`steps:
  - {id: bg, uses: deaf/it, background: true}
  - {id: stop, cancel: [bg]}
finally:
${say("last")}`);
  const startedMs = performance.now();
  const outcome = await runAll(bench);
  t.ok(performance.now() - startedMs < mostMs(1500));
  t.equal(outcome.status, "failed");
  t.strictSame(bench.log, ["last"]);
});

t.test("cancel and wait for what is over, or never began, are nothing", async (t) => {
  const bench = setUp(`steps:
  - {id: bg, uses: go/on, background: true, with: {ms: 1}}
  - {id: off, uses: go/on, background: true, if: "\${{ !inputs.on }}"}
  - {id: join, wait: [bg, off]}
  - {id: stop, cancel: [bg, off]}`);
  t.equal((await runAll(bench)).status, "done");
  t.strictSame(ends(bench), { bg: "done", off: "skipped", join: "done", stop: "done" });
});

t.test("a failure in the background: no step begins after it, the others are cancelled", async (t) => {
  const bench = setUp(`steps:
  - {id: other, uses: go/on, background: true, with: {name: other}}
  - {id: bg, uses: fail/it, background: true}
  - {id: slow, uses: go/on, with: {name: slow, ms: 40}}
${say("never")}
finally:
${say("last")}`);
  const outcome = await runAll(bench);
  t.match(outcome.error, { code: "COMMAND_FAILED" });
  t.notOk(bench.log.includes("never"));
  t.ok(bench.log.includes("other cancelled"));
  t.equal(bench.log.at(-1), "last");
});

t.test("a failure ahead cancels what runs in the background, and finally comes after both", async (t) => {
  const bench = setUp(`steps:
  - {id: bg, uses: go/on, background: true}
  - {id: bad, uses: fail/it}
${say("never")}
finally:
${say("last")}`);
  const outcome = await runAll(bench);
  t.equal(outcome.status, "failed");
  t.strictSame(bench.log, ["it on", "fail", "it cancelled", "last"]);
});

t.test("an interrupt cancels the background in good order within its own grace time", async (t) => {
  const bench = setUp(`steps:
  - {id: bg, uses: go/on, background: true}
  - {id: hang, uses: hang/on}
finally:
${say("last")}`);
  await bench.engine.plan();
  setTimeout(() => bench.abort.abort(), 30);
  const outcome = await bench.engine.run();
  t.equal(outcome.status, "interrupted");
  t.strictSame(bench.log, ["it on", "hang", "it cancelled", "last"]);
  t.strictSame(ends(bench), { hang: "failed", bg: "done", last: "done" });
});

t.test("needs: waits for the background, and goes on where it is done", async (t) => {
  const bench = setUp(`steps:
  - {id: bg, uses: go/on, background: true, with: {ms: 50}}
${say("other")}
${say("then", ", needs: [bg]")}`);
  await runAll(bench);
  t.strictSame(bench.log, ["it on", "other", "it off", "then"]);
});

t.test("needs: skipped where one failed or was skipped, and so on from there", async (t) => {
  const bench = setUp(`steps:
  - {id: bad, uses: fail/it, continueOnError: true}
  - {id: off, uses: log/say, if: "\${{ !inputs.on }}", with: {text: off}}
${say("a", ", needs: [bad]")}
${say("b", ", needs: [a]")}
${say("c", ", needs: [off]")}
${say("d")}
${say("e", ", needs: [d]")}`);
  const plan = await bench.engine.plan();
  t.equal(plan.steps.find(({ id }) => id === "c")?.skipped, "off, which it needs, was skipped");
  t.equal(plan.steps.find(({ id }) => id === "a")?.skipped, null, "that is known only in the run");
  const outcome = await bench.engine.run();
  t.equal(outcome.status, "done");
  t.strictSame(bench.log, ["fail", "d", "e"]);
  t.match(ends(bench), { a: "skipped", b: "skipped", c: "skipped", d: "done", e: "done" });
  const said = bench.events.flatMap((event) => (event.type === "stepEnded" ? [event.message] : []));
  t.ok(said.includes("a: skipped, bad, which it needs, failed"));
  t.ok(said.includes("b: skipped, a, which it needs, was skipped"));
});

t.test("needs among steps in the background: a chain that nobody waits for", async (t) => {
  const bench = setUp(`steps:
  - {id: one, uses: go/on, background: true, with: {name: one, ms: 40}}
  - {id: two, uses: go/on, background: true, needs: [one], with: {name: two, ms: 10}}
${say("beside")}`);
  await runAll(bench);
  t.strictSame(bench.log, ["one on", "beside", "one off", "two on", "two off"]);
});

t.test("cancel of one that still waits for what it needs: it never begins", async (t) => {
  const bench = setUp(`steps:
  - {id: one, uses: go/on, background: true, with: {name: one, ms: 60}}
  - {id: two, uses: go/on, background: true, needs: [one], with: {name: two}}
  - {id: stop, cancel: [two]}`);
  t.equal((await runAll(bench)).status, "done");
  t.strictSame(bench.log, ["one on", "one off"]);
  t.equal(ends(bench)["two"], "skipped");
});
