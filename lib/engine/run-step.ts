import pMap from "p-map";
import { asHopbookError, HopbookError } from "../errors.js";
import type { RunbookStep } from "../runbook/index.js";
import { placeOf, type Core } from "./core.js";
import { typedEnvironmentOf, isWanted } from "./environment.js";
import { emitEnded, emitSkipped, emitStarted } from "./events.js";
import type { Leash } from "./leash.js";
import { readMatrix, type Combination } from "./matrix.js";
import { namesMatrix } from "./references.js";
import { runOne, skippedBecause, UNWANTED, type OneResult, type RunOptions } from "./run-one.js";
import type { StepStatus } from "./state.js";

interface CombinationResult extends OneResult {
  readonly combination: Combination;
}

/** How a whole step ended; `combinations` of a matrix, in its order. */
interface StepResult extends OneResult {
  readonly combinations: readonly CombinationResult[] | null;
}

/** What expressions see of one combination: `steps.ID.outputs` is a list of these. */
interface CombinationOutput {
  readonly matrix: Readonly<Record<string, unknown>>;
  readonly status: StepStatus;
  readonly outputs: unknown;
}

/** Runs a step that has a kind, with all combinations of its matrix. Never rejects. */
export async function runStep(core: Core, step: RunbookStep, options: RunOptions): Promise<StepResult> {
  if (step.strategy === null) {
    const result = await runOne(core, step, { ...options, combination: null });
    return { ...result, combinations: null };
  }
  const place = placeOf(step, null);
  const startedMs = Date.now();
  try {
    // Asked before its values are: they may be there only where it is wanted.
    if (!namesMatrix(step.if) && !isWanted(core, step, null)) {
      emitSkipped(core, step, { place, reason: UNWANTED });
      return { ...skippedBecause(UNWANTED), outputs: [], combinations: [] };
    }
    const combinations = readMatrix(step, typedEnvironmentOf(core), core.runbook.document) ?? [];
    emitStarted(core, step, place);
    const result = summarise(await runAll(core, step, { ...options, combinations }));
    if (result.status === "skipped") {
      emitSkipped(core, step, { place, reason: result.reason ?? "all of its combinations are" });
    } else emitEnded(core, step, { place, status: result.status, startedMs });
    return result;
  } catch (error) {
    const known = asHopbookError(error);
    emitEnded(core, step, { place, status: "failed", startedMs });
    core.state.markIncomplete(`${step.name ?? step.id}: ${known.message}`, place, !step.continueOnError);
    return { status: "failed", error: known, reason: null, outputs: [], plan: null, combinations: [] };
  }
}

async function runAll(
  core: Core,
  step: RunbookStep,
  options: RunOptions & { readonly combinations: readonly Combination[] },
): Promise<readonly CombinationResult[]> {
  const { leash, combinations, ready } = options;
  const { maxParallel = 1, failFast = true } = step.strategy ?? {};
  const running = new Set<Leash>();
  let failed = false;
  let unready = Math.min(maxParallel, combinations.length);
  const run = async (combination: Combination): Promise<CombinationResult> => {
    const place = placeOf(step, combination);
    const reason = failed && failFast ? "another combination failed" : "it was cancelled";
    if ((failed && failFast) || leash.cancelled.aborted) {
      emitSkipped(core, step, { place, reason });
      return { ...skippedBecause(reason), combination };
    }
    let counted = false;
    // The first ones that run side by side are what the next step can wait for.
    const countReady = (): void => {
      if (counted) return;
      counted = true;
      unready -= 1;
      if (unready === 0) ready?.();
    };
    const own = leash.child();
    running.add(own);
    const result = await runOne(core, step, { ...options, leash: own, ready: countReady, combination });
    running.delete(own);
    own.dispose();
    countReady();
    if (result.status === "failed") {
      failed = true;
      if (failFast) for (const other of running) other.cancel("cancel", core.timing.graceMs);
    }
    return { ...result, combination };
  };
  return pMap(combinations, run, { concurrency: maxParallel });
}

function summarise(results: readonly CombinationResult[]): StepResult {
  const failures = results.filter(({ status }) => status === "failed");
  const isSkipped = results.every(({ status }) => status === "skipped");
  const outputs = results.map(({ combination, status, outputs: own }): CombinationOutput => ({
    ...{ matrix: combination.values, status, outputs: own },
  }));
  return {
    status: failures.length > 0 ? "failed" : isSkipped ? "skipped" : "done",
    error: joinFailures(failures, results.length),
    reason: !isSkipped ? null : results.length === 0 ? "its matrix is empty" : (results[0]?.reason ?? null),
    outputs,
    plan: null,
    combinations: results,
  };
}

/** The first failure, which says how many there are. */
function joinFailures(failures: readonly CombinationResult[], count: number): HopbookError | null {
  const [first] = failures;
  if (first?.error == null) return null;
  const { code, message, where, hint, detail } = first.error;
  const which = `${failures.length} of ${count} combinations failed; the first [${first.combination.label}]`;
  return new HopbookError(code, `${which}: ${message}`, {
    ...(where && { where }),
    ...(hint && { hint }),
    ...(detail && { detail }),
    cause: first.error,
  });
}
