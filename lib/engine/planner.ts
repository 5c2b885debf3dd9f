import type { PlanStep } from "../plan/plan.js";
import type { RunbookStep } from "../runbook/index.js";
import { clockOf, placeOf, type Core } from "./core.js";
import { emitSkipped } from "./events.js";
import { Leash } from "./leash.js";
import {
  deferredPart,
  describeStep,
  joinParts,
  planAction,
  skippedPart,
  stepsText,
  withoutOutputs,
  type PlannedPart,
  type PlanStepBase,
} from "./plan-step.js";
import { findUnknown } from "./references.js";
import type { OneResult } from "./run-one.js";
import { runStep } from "./run-step.js";

/** Plans the steps in their order: discovery runs, actions say what they will do. */
export class Planner {
  readonly #core: Core;
  /** Actions of which it is known that they will not run. */
  readonly #skipped = new Set<string>();

  constructor(core: Core) {
    this.#core = core;
  }

  async planAll(): Promise<readonly PlanStep[]> {
    const { runbook } = this.#core;
    const steps: PlanStep[] = [];
    for (const step of runbook.steps) steps.push(await this.#planStep(step, false));
    for (const step of runbook.finally) steps.push(await this.#planStep(step, true));
    return steps;
  }

  async #planStep(step: RunbookStep, always: boolean): Promise<PlanStep> {
    const core = this.#core;
    const { state } = core;
    const base = describeStep(core, step, always);
    const unmet = this.#findUnmet(step);
    if (base.phase === "discovery") {
      const why = this.#whyLater(step, always);
      if (why === null) return this.#discover(step, base, unmet);
      return this.#action(step, planOf(base, deferredPart(why)));
    }
    if (unmet !== null) return this.#action(step, planOf(base, skippedPart(unmet)));
    if (step.control !== null)
      return this.#action(step, planOf(base, { ...deferredPart(""), deferred: false, notes: [] }));
    state.outputs.set(step.id, step.strategy === null ? {} : []);
    return this.#action(step, await planAction(core, step, base));
  }

  /** Notes what later steps may know of this one. */
  #action(step: RunbookStep, plan: PlanStep): PlanStep {
    const { state } = this.#core;
    if (!state.outputs.has(step.id)) state.outputs.set(step.id, step.strategy === null ? {} : []);
    if (plan.skipped === null) state.open.add(step.id);
    else this.#skipped.add(step.id);
    return plan;
  }

  /** Discovery that needs what only the run gives reads then. */
  #whyLater(step: RunbookStep, always: boolean): string | null {
    if (always) return "it reads at the end, whatever became of the steps";
    const { state } = this.#core;
    const unknown = [step.if, step.strategy?.matrix, step.with].flatMap((value) => findUnknown(value, state));
    const waits = step.needs.filter((id) => state.open.has(id));
    const all = [...new Set([...unknown, ...waits])];
    return all.length === 0 ? null : `what it reads depends on ${stepsText(all)}, and is known only then`;
  }

  #findUnmet(step: RunbookStep): string | null {
    for (const id of step.needs) {
      const status = this.#core.state.ended.get(id);
      if (this.#skipped.has(id) || status === "skipped") return `${id}, which it needs, was skipped`;
      if (status === "failed") return `${id}, which it needs, failed`;
    }
    return null;
  }

  async #discover(step: RunbookStep, base: PlanStepBase, unmet: string | null): Promise<PlanStep> {
    const core = this.#core;
    const { state, host } = core;
    if (unmet !== null) {
      emitSkipped(core, step, { place: placeOf(step, null), reason: unmet });
      state.ended.set(step.id, "skipped");
      state.outputs.set(step.id, step.strategy === null ? {} : []);
      return planOf(base, skippedPart(unmet));
    }
    const leash = new Leash(clockOf(core)).follow(host.signal, () => leash.cancel("interrupt", 0));
    const result = await runStep(core, step, { leash, timeoutMs: step.timeoutMs });
    leash.dispose();
    state.ended.set(step.id, result.status);
    state.outputs.set(step.id, result.outputs ?? (step.strategy === null ? {} : []));
    if (result.error !== null && (!step.continueOnError || host.signal.aborted)) throw result.error;
    const { combinations } = result;
    if (combinations === null) return planOf(base, partOf(result));
    return joinParts(
      base,
      combinations.map((each) => ({ combination: each.combination, part: partOf(each) })),
    );
  }
}

function planOf(base: PlanStepBase, part: PlannedPart): PlanStep {
  return { ...base, ...withoutOutputs(part), combinations: null };
}

/** What discovery did, as the plan shows it. */
function partOf({ status, error, reason, plan }: OneResult): PlannedPart {
  const notes = error === null ? (plan?.notes ?? []) : [`it failed: ${error.message}`];
  return {
    ...{ skipped: status === "skipped" ? reason : null, deferred: false, notes },
    ...{ commands: plan?.commands ?? [], outputs: {} },
  };
}
