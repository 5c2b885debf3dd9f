import { asHopbookError, HopbookError } from "../errors.js";
import type { StepContext, StepKind, StepPlan } from "../model/steps.js";
import type { RunbookStep } from "../runbook/index.js";
import { contextFor } from "./context.js";
import { clockOf, kindOf, placeOf, type Core } from "./core.js";
import { inputOf, isWanted, outputsOf } from "./environment.js";
import { emitEnded, emitSkipped, emitStarted } from "./events.js";
import { describeCommands } from "./describe.js";
import { holdToPlan } from "./held-to-plan.js";
import type { Leash } from "./leash.js";
import type { Combination } from "./matrix.js";
import type { StepStatus } from "./state.js";
import { withRetries } from "./tries.js";

export interface RunOptions {
  readonly leash: Leash;
  /** Of each try; null: none. */
  readonly timeoutMs: number | null;
  /** What the next step relies on is there. */
  readonly ready?: () => void;
}

/** How a step, or one combination of its matrix, ended. */
export interface OneResult {
  readonly status: StepStatus;
  /** Only where it failed. */
  readonly error: HopbookError | null;
  /** Why it was skipped. */
  readonly reason: string | null;
  /** null where there are none. */
  readonly outputs: unknown;
  readonly plan: StepPlan | null;
}

export function skippedBecause(reason: string): OneResult {
  return { status: "skipped", error: null, reason, outputs: null, plan: null };
}

export const UNWANTED = "its condition is false";

/** Runs a step, or one combination of its matrix, to its end, retries included. Never rejects. */
export async function runOne(
  core: Core,
  step: RunbookStep,
  options: RunOptions & { readonly combination: Combination | null },
): Promise<OneResult> {
  const { combination, leash, timeoutMs } = options;
  const place = placeOf(step, combination);
  const startedMs = Date.now();
  try {
    if (!isWanted(core, step, combination)) {
      emitSkipped(core, step, { place, reason: UNWANTED });
      return skippedBecause(UNWANTED);
    }
    emitStarted(core, step, place);
    const kind = kindOf(core, step);
    const note = (text: string): void => core.state.note("warn", text, place);
    const ended = await withRetries(
      step,
      (signal) => {
        const { ready } = options;
        const signals = { signal, cancelled: leash.cancelled, ...(ready && { ready }) };
        const context = contextFor(core, place, signals);
        const input = inputOf(core, step, combination);
        return kind.phase === "discovery"
          ? discover(kind, input, context)
          : act(core, kind, { input, context });
      },
      { leash, clock: clockOf(core), timing: core.timing, timeoutMs, note },
    );
    const outputs = outputsOf(core, step, { result: ended.result, combination });
    emitEnded(core, step, { place, status: "done", startedMs });
    return { status: "done", error: null, reason: null, outputs, plan: ended.plan };
  } catch (error) {
    const known = asHopbookError(error);
    emitEnded(core, step, { place, status: "failed", startedMs });
    core.state.markIncomplete(`${step.name ?? step.id}: ${known.message}`, place, !step.continueOnError);
    return { status: "failed", error: known, reason: null, outputs: known.outputs ?? null, plan: null };
  }
}

interface Ended {
  readonly result: unknown;
  readonly plan: StepPlan;
}

async function discover(
  kind: StepKind,
  input: Record<string, unknown>,
  context: StepContext,
): Promise<Ended> {
  const plan = await kind.plan(input, context);
  return { result: plan.outputs, plan };
}

async function act(
  core: Core,
  kind: StepKind,
  { input, context }: { readonly input: Record<string, unknown>; readonly context: StepContext },
): Promise<Ended> {
  if (kind.run === undefined) throw new HopbookError("INTERNAL", `Step kind ${kind.name} cannot run`);
  const plan = core.state.plans.get(context.evidenceName) ?? (await planLate(core, kind, { input, context }));
  const held = kind.plansCommands === false ? context : holdToPlan(context, plan.commands);
  return { result: await kind.run(input, held, plan), plan };
}

/** What could not be planned before is planned now, and said now. */
async function planLate(
  core: Core,
  kind: StepKind,
  { input, context }: { readonly input: Record<string, unknown>; readonly context: StepContext },
): Promise<StepPlan> {
  const plan = await kind.plan(input, context);
  core.state.plans.set(context.evidenceName, plan);
  // What takes up its own captures again was agreed to when they were started.
  const isKnown = kind.detach === "twice" && context.detach?.phase === "collect";
  if (plan.commands.length > 0 && !isKnown)
    context.note("info", `known only now: ${describeCommands(plan.commands)}`);
  return plan;
}
