import t from "tap";
import type { StepContext } from "../../lib/model/steps.js";
import { kind, runAll, setUp } from "./setup.js";

type Body = (context: StepContext) => Promise<unknown>;

async function invoking(body: Body): Promise<ReturnType<typeof setUp> & { outcome: unknown }> {
  const bench = setUp("steps:\n  - {id: it, uses: script/like}", [
    kind("script/like", { run: async (_input, context) => ({ got: await body(context) }) }),
    kind("strict/it", {
      inputSchema: { type: "object", properties: { n: { type: "integer" } }, additionalProperties: false },
      run: (input) => Promise.resolve(input),
    }),
    kind("name/it", { run: (_input, { evidenceName }) => Promise.resolve({ evidenceName }) }),
    kind("hold/it", {
      run: (_input, context) => {
        context.hold("x", context.evidenceName, () => Promise.resolve());
        return Promise.resolve({});
      },
    }),
    kind("again/it", { run: (_input, context) => context.invoke("again/it", {}) }),
  ]);
  return { ...bench, outcome: await runAll(bench) };
}

t.test("a kind is planned and run as a part of the step that asks", async (t) => {
  const bench = await invoking(async (context) => [
    await context.invoke("find/it", { name: "db" }),
    await context.invoke("log/say", { text: "from within" }),
  ]);
  t.match(bench.outcome, { status: "done" });
  t.strictSame(bench.log, ["find db", "from within"]);
  t.match(bench.files.get("evidence/environment.json"), {
    steps: { it: { outputs: { got: [{ name: "db" }, { said: "from within" }] } } },
  });
  const notes = bench.events.flatMap((event) =>
    event.type === "note" ? [`${event.step}: ${event.text}`] : [],
  );
  t.strictSame(notes, ["it: invokes find/it", "it: invokes log/say: 1 command (node/read on n)"]);
  t.notOk(bench.events.some((event) => event.type === "stepStarted" && event.step !== "it"));
});

t.test("its evidence has names of its own, and what it holds is the step's", async (t) => {
  const bench = await invoking(async (context) => {
    const names = [await context.invoke("name/it", {}), await context.invoke("name/it", {})];
    await context.invoke("hold/it", {});
    await context.invoke("hold/it", {});
    return [...names, context.held("x")];
  });
  t.match(bench.files.get("evidence/environment.json"), {
    steps: { it: { outputs: { got: [{ evidenceName: "it.i1" }, { evidenceName: "it.i2" }, "it.i4"] } } },
  });
});

for (const [what, uses, input, message] of [
  ["a kind that is not there", "log/sya", {}, /no such step kind/],
  ["an input that does not fit", "strict/it", { n: "one" }, /Cannot run strict\/it: n/],
  ["a key that is not known", "strict/it", { m: 1 }, /Cannot run strict\/it: m/],
  ["one that invokes itself without end", "again/it", {}, /levels deep/],
] as const) {
  t.test(`refused: ${what}`, async (t) => {
    const bench = await invoking((context) => context.invoke(uses, input));
    t.match(bench.outcome, { status: "failed", error: { code: "INPUT_INVALID", message } });
  });
}
