import type { LeftPlace, StepPlan } from "../model/steps.js";
import type { RunbookStep } from "../runbook/index.js";
import { kindOf, type Core } from "./core.js";
import { isWanted } from "./environment.js";
import type { StepStatus } from "./state.js";

/** A run at the moment when its client left, as JSON. */
export interface Snapshot {
  readonly ended: Readonly<Record<string, StepStatus>>;
  readonly outputs: Readonly<Record<string, unknown>>;
  /** Of the steps that are still to run, by evidence name: what was agreed to. */
  readonly plans: Readonly<Record<string, StepPlan>>;
  readonly incomplete: readonly string[];
  /** Digests of the engine's own objects that steps gave. */
  readonly issued: readonly string[];
  /** Steps that run again, to take up what they had started. */
  readonly again: readonly string[];
  /** What they made on the nodes. */
  readonly places: readonly LeftPlace[];
}

/** Steps that captures were started by. */
export function findCaptures({ runbook, kinds, state }: Core): readonly RunbookStep[] {
  return runbook.steps.filter(
    (step) => kinds.get(step.uses)?.detach === "twice" && state.ended.get(step.id) === "done",
  );
}

/**
 * Whether the client may leave before this step: captures go on, and the step waits for them, or ends them. What
 * stands between, such as traffic, is still made.
 */
export function isLeftBefore(core: Core, step: RunbookStep): boolean {
  const captures = new Set(findCaptures(core).map(({ id }) => id));
  if (captures.size === 0) return false;
  if (step.control !== null) return step.control.steps.some((id) => captures.has(id));
  if (kindOf(core, step).detach !== "before") return false;
  try {
    return isWanted(core, step, null);
  } catch {
    return true; // its condition is not known before: nor is it run then
  }
}

export function takeSnapshot(core: Core): Snapshot {
  const { state } = core;
  const again = findCaptures(core).map(({ id }) => id);
  const plans = [...state.plans].map(([name, plan]) => ({
    name,
    plan,
    step: state.stepOf.get(name) ?? name,
  }));
  return {
    ended: Object.fromEntries(state.ended),
    outputs: Object.fromEntries(state.outputs),
    plans: Object.fromEntries(
      plans.filter(({ step }) => !state.ended.has(step)).map(({ name, plan }) => [name, plan]),
    ),
    incomplete: [...state.incomplete],
    issued: state.issued.digests,
    again,
    places: plans.filter(({ step }) => again.includes(step)).flatMap(({ plan }) => plan.left ?? []),
  };
}

/** The state of a run that is taken up again. */
export function restoreSnapshot({ runbook, state }: Core, snapshot: Snapshot): void {
  for (const [id, status] of Object.entries(snapshot.ended)) {
    if (!snapshot.again.includes(id)) state.ended.set(id, status);
  }
  state.beginRun([...runbook.steps, ...runbook.finally]);
  for (const [id, outputs] of Object.entries(snapshot.outputs)) {
    if (state.ended.has(id)) state.outputs.set(id, outputs);
  }
  for (const [name, plan] of Object.entries(snapshot.plans)) state.plans.set(name, plan);
  state.issued.restore(snapshot.issued);
  for (const reason of snapshot.incomplete) state.markIncomplete(reason, null);
}
