import t from "tap";
import { mostMs } from "../fixtures/patience.js";
import { fc, inDepth } from "../fixtures/property.js";
import { setTimeout as sleep } from "node:timers/promises";
import { HopbookError } from "../../lib/errors.js";
import { kind, setUp } from "./setup.js";

/** What a random step does. */
interface RandomStep {
  readonly outcome: "done" | "fails" | "fails once" | "hangs" | "throws at once" | "deaf";
  readonly ms: number;
  readonly discovery: boolean;
  readonly background: boolean;
  readonly continueOnError: boolean;
  readonly retry: number;
  readonly timeout: boolean;
  readonly combinations: number;
  readonly maxParallel: number;
  readonly failFast: boolean;
  readonly unwanted: boolean;
  /** Steps above, by how far. */
  readonly needs: readonly number[];
  /** null: no such step behind it. */
  readonly control: { readonly type: "wait" | "cancel"; readonly of: number } | null;
}

const randomStep: fc.Arbitrary<RandomStep> = fc.record({
  outcome: fc.oneof(
    { weight: 6, arbitrary: fc.constant("done" as const) },
    { weight: 2, arbitrary: fc.constantFrom("fails" as const, "fails once" as const) },
    { weight: 1, arbitrary: fc.constantFrom("hangs" as const, "throws at once" as const, "deaf" as const) },
  ),
  ms: fc.nat({ max: 4 }),
  discovery: fc.boolean(),
  background: fc.boolean(),
  continueOnError: fc.boolean(),
  retry: fc.nat({ max: 2 }),
  timeout: fc.boolean(),
  combinations: fc.nat({ max: 3 }),
  maxParallel: fc.integer({ min: 1, max: 3 }),
  failFast: fc.boolean(),
  unwanted: fc.boolean(),
  needs: fc.uniqueArray(fc.nat({ max: 4 }), { maxLength: 2 }),
  control: fc.option(
    fc.record({ type: fc.constantFrom("wait" as const, "cancel" as const), of: fc.nat({ max: 4 }) }),
  ),
});

interface Run {
  readonly steps: readonly RandomStep[];
  /** null: nobody interrupts. */
  readonly interruptMs: number | null;
}

const randomRun: fc.Arbitrary<Run> = fc.record({
  steps: fc.array(randomStep, { minLength: 1, maxLength: 6 }),
  interruptMs: fc.option(fc.nat({ max: 15 }), { freq: 3 }),
});

const isBackground = (step: RandomStep): boolean => step.background && !step.discovery;

function write({ steps }: Run): string {
  const lines = steps.flatMap((step, index) => {
    const back = (far: number): number | null => (index - 1 - far >= 0 ? index - 1 - far : null);
    const needs = step.needs.flatMap((far) => back(far) ?? []).map((at) => `s${at}`);
    const parts = [
      `id: s${index}`,
      `uses: ${step.discovery ? "chance/find" : "chance/do"}`,
      `with: {at: ${index}${step.combinations > 0 ? ', of: "${{ matrix.n }}"' : ""}}`,
      ...(needs.length > 0 ? [`needs: [${needs.join(", ")}]`] : []),
      ...(isBackground(step) ? ["background: true"] : []),
      ...(step.continueOnError || step.discovery ? ["continueOnError: true"] : []),
      ...(step.retry > 0 ? [`retry: {count: ${step.retry}, delay: 1ms}`] : []),
      ...(step.timeout ? ["timeout: 25ms"] : []),
      ...(step.unwanted ? ['if: "${{ !inputs.on }}"'] : []),
      ...(step.combinations > 0
        ? [
            `strategy: {matrix: {n: [${Array.from({ length: step.combinations }, (_, n) => n).join(", ")}]}, ` +
              `maxParallel: ${step.maxParallel}, failFast: ${step.failFast}}`,
          ]
        : []),
    ];
    const of = step.control === null ? null : back(step.control.of);
    const target = of === null ? undefined : steps[of];
    const control =
      step.control === null || target === undefined || !isBackground(target)
        ? []
        : [`  - {id: c${index}, ${step.control.type}: [s${of}]}`];
    return [...control, `  - {${parts.join(", ")}}`];
  });
  return `steps:\n${lines.join("\n")}
finally:
  - {id: last, uses: log/say, with: {text: last}}
  - {id: fails, uses: fail/it}
  - {id: end, uses: log/say, with: {text: end}}`;
}

interface Seen {
  /** By step and combination: how many times it was begun. */
  readonly begun: Map<string, number>;
  readonly faults: string[];
  /** Steps of which every combination has ended. */
  readonly running: Map<string, number>;
  readonly most: Map<string, number>;
}

async function play(run: Run): Promise<Seen & { readonly log: readonly string[]; readonly status: string }> {
  const seen: Seen = { begun: new Map(), faults: [], running: new Map(), most: new Map() };
  const ended = new Map<string, string>();
  const act = async (input: Record<string, unknown>, signal: AbortSignal): Promise<unknown> => {
    const at = Number(input["at"]);
    const step = run.steps[at] as RandomStep;
    const key = `s${at}.${JSON.stringify(input["of"])}`;
    const tries = (seen.begun.get(key) ?? 0) + 1;
    seen.begun.set(key, tries);
    const now = (seen.running.get(`s${at}`) ?? 0) + 1;
    seen.running.set(`s${at}`, now);
    seen.most.set(`s${at}`, Math.max(now, seen.most.get(`s${at}`) ?? 0));
    for (const far of step.needs) {
      const need = `s${at - 1 - far}`;
      if (at - 1 - far >= 0 && ended.get(need) !== "done") {
        seen.faults.push(`s${at} began while ${need} was ${ended.get(need) ?? "not over"}`);
      }
    }
    try {
      if (step.outcome === "throws at once") throw new TypeError("a defect of a kind");
      if (step.outcome === "deaf") return await sleep(60, {});
      await sleep(step.outcome === "hangs" ? 100_000 : step.ms, undefined, { signal });
      if (step.outcome === "fails" || (step.outcome === "fails once" && tries === 1)) {
        throw new HopbookError("COMMAND_FAILED", "by chance");
      }
      return {};
    } finally {
      seen.running.set(`s${at}`, (seen.running.get(`s${at}`) ?? 1) - 1);
    }
  };
  const bench = setUp(
    write(run),
    [
      kind("chance/do", { run: (input, { signal }) => act(input, signal) }),
      kind("chance/find", {
        phase: "discovery",
        plan: async (input, { signal }) => ({ commands: [], outputs: await act(input, signal), notes: [] }),
      }),
    ],
    {
      timing: { graceMs: 20, interruptGraceMs: 20, stuckMs: 20, finallyMs: 200, finallyInterruptedMs: 100 },
      onEvent: (event) => {
        if (event.type === "stepEnded" && event.combination === undefined)
          ended.set(event.step, event.status);
      },
    },
  );
  const timer = run.interruptMs === null ? undefined : setTimeout(() => bench.abort.abort(), run.interruptMs);
  // Discovery that hangs with no limit ends by the interrupt alone.
  const rescue = setTimeout(() => bench.abort.abort(), 400);
  try {
    await bench.engine.plan();
  } catch (error) {
    if (!bench.abort.signal.aborted) throw error;
    return { ...seen, log: [], status: "not planned" };
  } finally {
    clearTimeout(rescue);
  }
  const again = setTimeout(() => bench.abort.abort(), 400);
  const { status } = await bench.engine.run();
  clearTimeout(again);
  clearTimeout(timer);
  return { ...seen, log: bench.log, status };
}

t.test("whatever the steps do: the run ends, in order, and finally runs", async (t) => {
  await fc.assert(
    fc.asyncProperty(randomRun, async (run) => {
      const startedMs = performance.now();
      const { begun, faults, most, log, status } = await play(run);
      const tookMs = performance.now() - startedMs;
      if (tookMs > mostMs(4000)) throw new Error(`it took ${Math.round(tookMs)} ms`);
      if (faults.length > 0) throw new Error(faults.join("; "));
      for (const [key, times] of begun) {
        const step = run.steps[Number(/^s(\d+)/.exec(key)?.[1])] as RandomStep;
        if (times > step.retry + 1) throw new Error(`${key} was begun ${times} times`);
        if (step.unwanted) throw new Error(`${key} was begun and not wanted`);
      }
      for (const [id, count] of most) {
        const step = run.steps[Number(id.slice(1))] as RandomStep;
        const bound = step.combinations > 0 ? step.maxParallel : 1;
        // What was left alone because it obeys nothing may still be there.
        if (count > bound && step.outcome !== "deaf") throw new Error(`${count} of ${id} at once`);
      }
      if (status === "not planned") return;
      if (log.filter((word) => word === "last").length !== 1 || log.at(-1) !== "end") {
        throw new Error(`finally did not run: ${log.join(" ")}`);
      }
    }),
    { numRuns: inDepth(75, 300), seed: 20261121 },
  );
  t.pass("random runs");
});
