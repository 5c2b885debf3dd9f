import pMap, { pMapSkip } from "p-map";
import { asHopbookError } from "../errors.js";
import type { PlannedCommand, StepKind } from "../model/steps.js";
import type { PlanCombination, PlanStep } from "../plan/plan.js";
import type { RunbookStep } from "../runbook/index.js";
import { contextFor } from "./context.js";
import { clockOf, isDiscovery, kindOf, placeOf, titleOf, type Core } from "./core.js";
import { typedEnvironmentOf, inputOf, isWanted } from "./environment.js";
import { Leash } from "./leash.js";
import { readMatrix, type Combination } from "./matrix.js";
import { findUnknown, namesMatrix } from "./references.js";
import { UNWANTED } from "./run-one.js";
import { withinLimits } from "./tries.js";

/** What a step, or one combination of its matrix, will do. */
export interface PlannedPart {
  readonly skipped: string | null;
  readonly deferred: boolean;
  readonly commands: readonly PlannedCommand[];
  readonly notes: readonly string[];
  /** What is known beforehand. */
  readonly outputs: unknown;
}

const NOTHING = { deferred: false, commands: [], notes: [], outputs: {} } as const;

export function skippedPart(reason: string): PlannedPart {
  return { ...NOTHING, skipped: reason };
}

/** A part of which nothing is known before the run. */
export function deferredPart(why: string): PlannedPart {
  return { ...NOTHING, skipped: null, deferred: true, notes: [why] };
}

export function stepsText(ids: readonly string[]): string {
  return ids.map((id) => `steps.${id}`).join(", ");
}

/** What stands in the plan for a step whatever it will do. */
export function describeStep(core: Core, step: RunbookStep, always: boolean): PlanStepBase {
  const { strategy, retry, control } = step;
  return {
    ...{ id: step.id, uses: step.uses, title: titleOf(core, step), form: step.form, always },
    phase: isDiscovery(core, step) ? "discovery" : "action",
    needs: control === null ? step.needs : [...step.needs, ...control.steps],
    background: step.background,
    strategy: strategy && { maxParallel: strategy.maxParallel, failFast: strategy.failFast },
    retry: retry && { count: retry.count, delayMs: retry.delayMs },
    timeoutMs: step.timeoutMs,
    continueOnError: step.continueOnError,
  };
}

export type PlanStepBase = Omit<PlanStep, "skipped" | "deferred" | "commands" | "notes" | "combinations">;

/** The parts of a step as one: commands that several combinations share stand there once. */
export function joinParts(
  base: PlanStepBase,
  parts: readonly { readonly combination: Combination; readonly part: PlannedPart }[],
): PlanStep {
  const known = new Map(
    parts.flatMap(({ part }) => part.commands.map((command) => [JSON.stringify(command), command] as const)),
  );
  const combinations = parts.map(({ combination, part }): PlanCombination => ({
    label: combination.label,
    matrix: combination.values,
    skipped: part.skipped,
    deferred: part.deferred,
    commandCount: part.commands.length,
  }));
  return {
    ...base,
    skipped: parts.length === 0 ? "its matrix is empty" : allSkipped(combinations),
    deferred: combinations.some((combination) => combination.deferred),
    commands: [...known.values()],
    notes: [...new Set(parts.flatMap(({ part }) => part.notes))],
    combinations,
  };
}

function allSkipped(combinations: readonly PlanCombination[]): string | null {
  return combinations.every(({ skipped }) => skipped !== null) ? (combinations[0]?.skipped ?? null) : null;
}

/** Asks an action what it will do, for each combination that is known. Changes nothing. */
export async function planAction(core: Core, step: RunbookStep, base: PlanStepBase): Promise<PlanStep> {
  const { state } = core;
  const unsure = findUnknown(step.if, state);
  if (unsure.length === 0 && !namesMatrix(step.if) && !isWanted(core, step, null)) {
    return { ...base, ...withoutOutputs(skippedPart(UNWANTED)), combinations: null };
  }
  const unknown = findUnknown(step.strategy?.matrix, state);
  if (unknown.length > 0) {
    const why = `its combinations depend on ${stepsText(unknown)}, and are known only then`;
    return { ...base, ...withoutOutputs(deferredPart(why)), combinations: null };
  }
  const combinations = readMatrix(step, typedEnvironmentOf(core), core.runbook.document);
  if (combinations === null) {
    const part = await planPart(core, step, { combination: null, unsure });
    if (part.skipped === null) state.outputs.set(step.id, part.outputs);
    return { ...base, ...withoutOutputs(part), combinations: null };
  }
  const errors: unknown[] = [];
  const parts = await pMap(
    combinations,
    async (combination) => {
      const planned = planPart(core, step, { combination, unsure });
      const part = await planned.catch((error: unknown) => void (errors[combination.index] = error));
      return part === undefined ? pMapSkip : { combination, part };
    },
    { concurrency: step.strategy?.maxParallel ?? 1 },
  );
  // Of those that failed the first one says it, whichever ended first.
  for (const error of Object.values(errors)) throw error;
  return joinParts(base, parts);
}

export function withoutOutputs({ outputs: _outputs, ...part }: PlannedPart): Omit<PlannedPart, "outputs"> {
  return part;
}

async function planPart(
  core: Core,
  step: RunbookStep,
  about: { readonly combination: Combination | null; readonly unsure: readonly string[] },
): Promise<PlannedPart> {
  const { combination, unsure } = about;
  if (unsure.length === 0 && !isWanted(core, step, combination)) return skippedPart(UNWANTED);
  const conditional =
    unsure.length === 0 ? [] : [`whether it runs depends on ${stepsText(unsure)}, and is known only then`];
  const unknown = findUnknown(step.with, core.state);
  if (unknown.length > 0) {
    const part = deferredPart(`its commands depend on ${stepsText(unknown)}, and are known only then`);
    return { ...part, notes: [...conditional, ...part.notes] };
  }
  try {
    const { outputs, notes, ...plan } = await askKind(core, kindOf(core, step), { step, combination });
    const condition = unsure.length === 0 ? {} : { condition: `if ${stepsText(unsure)} says so` };
    const commands = plan.commands.map((command) => ({ ...condition, ...command }));
    return { commands, outputs, notes: [...conditional, ...notes], skipped: null, deferred: false };
  } catch (error) {
    // What may fail when it runs may fail now: it is tried again then, and is no reason not to run the others.
    const mayFail = step.continueOnError || step.strategy?.failFast === false;
    if (!mayFail || core.host.signal.aborted) throw error;
    return deferredPart(`it cannot be planned: ${asHopbookError(error).message}`);
  }
}

async function askKind(
  core: Core,
  kind: StepKind,
  { step, combination }: { readonly step: RunbookStep; readonly combination: Combination | null },
): ReturnType<StepKind["plan"]> {
  const { host, timing, state } = core;
  const place = placeOf(step, combination);
  const leash = new Leash(clockOf(core)).follow(host.signal, () => leash.cancel("interrupt", 0));
  const { timeoutMs } = step;
  try {
    const plan = await withinLimits(
      step,
      (signal) =>
        kind.plan(
          inputOf(core, step, combination),
          contextFor(core, place, { signal, cancelled: leash.cancelled }),
        ),
      { leash, clock: clockOf(core), timing, timeoutMs, note: () => undefined },
    );
    state.plans.set(place.evidenceName, plan);
    return plan;
  } finally {
    leash.dispose();
  }
}
