import { asHopbookError, type HopbookError } from "../errors.js";
import type { RunbookStep, StepControl } from "../runbook/index.js";
import { clockOf, kindOf, placeOf, type Core } from "./core.js";
import { isWanted } from "./environment.js";
import { emitEnded, emitSkipped, emitStarted } from "./events.js";
import { Leash } from "./leash.js";
import { skippedBecause, UNWANTED, type OneResult } from "./run-one.js";
import { runStep } from "./run-step.js";
import { withinLimits } from "./tries.js";

/** A step that has begun. */
interface Task {
  readonly step: RunbookStep;
  readonly leash: Leash;
  /** Resolves when it has ended, and its outputs can be seen. */
  readonly ended: Promise<OneResult>;
  isOver: boolean;
}

/**
 * Runs steps in the order in which they are written. One in the background goes on beside those after it; when
 * the run fails or is interrupted it is cancelled, else it is waited for after the last step.
 */
export class Scheduler {
  readonly #core: Core;
  readonly #tasks = new Map<string, Task>();
  #failure: HopbookError | null = null;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Why the run failed: the first failure of a step that may not. */
  get failure(): HopbookError | null {
    return this.#failure;
  }

  /** All of them, or those before the first one for which `isLater` holds. */
  async runSteps(
    steps: readonly RunbookStep[],
    isLater: (step: RunbookStep) => boolean = () => false,
  ): Promise<void> {
    const { host, state, timing } = this.#core;
    for (const step of steps) {
      if (state.ended.has(step.id)) continue;
      if (this.#failure !== null || host.signal.aborted || isLater(step)) break;
      const leash = new Leash(clockOf(this.#core));
      const graceMs = step.background ? timing.interruptGraceMs : 0;
      leash.follow(host.signal, () => leash.cancel("interrupt", graceMs));
      await this.#begin(step, leash, step.timeoutMs);
    }
    await this.#drain();
  }

  /** Every one of them runs, whatever became of the others. */
  async runFinally(steps: readonly RunbookStep[]): Promise<void> {
    const { host, timing } = this.#core;
    for (const step of steps) {
      const leash = new Leash(clockOf(this.#core));
      // It runs after an interruption too, so it cannot hang on the run's signal; but then it has to be brief.
      leash.follow(host.signal, () => leash.endAfter("interrupt", timing.finallyInterruptedMs));
      await this.#begin(step, leash, step.timeoutMs ?? timing.finallyMs);
    }
    await this.#drain();
  }

  async #drain(): Promise<void> {
    await Promise.all([...this.#tasks.values()].map((task) => task.ended));
  }

  /** Resolves when the next step may begin. */
  async #begin(step: RunbookStep, leash: Leash, timeoutMs: number | null): Promise<void> {
    let announce = (): void => undefined;
    const ready = new Promise<void>((resolve) => (announce = resolve));
    const waits = step.needs.some((id) => this.#tasks.get(id)?.isOver === false);
    const task: Task = {
      ...{ step, leash, isOver: false },
      ended: this.#run(step, { leash, timeoutMs, ready: announce }).then((result) => {
        this.#end(task, result);
        return result;
      }),
    };
    this.#tasks.set(step.id, task);
    if (!step.background || step.control !== null) await task.ended;
    else if (!waits && this.#core.kinds.get(step.uses)?.announcesReady === true) {
      await Promise.race([ready, task.ended]);
    }
  }

  #end(task: Task, result: OneResult): void {
    const { state, timing } = this.#core;
    const { step } = task;
    task.isOver = true;
    task.leash.dispose();
    state.ended.set(step.id, result.status);
    state.outputs.set(step.id, result.outputs ?? (step.strategy === null ? {} : null));
    if (result.status !== "failed" || step.continueOnError) return;
    this.#failure ??= result.error;
    for (const other of this.#tasks.values()) {
      if (!other.isOver && other.step.background) other.leash.cancel("cancel", timing.graceMs);
    }
  }

  async #run(
    step: RunbookStep,
    options: { readonly leash: Leash; readonly timeoutMs: number | null; readonly ready: () => void },
  ): Promise<OneResult> {
    try {
      const unmet = await this.#findUnmet(step, options.leash);
      if (unmet !== null) {
        emitSkipped(this.#core, step, { place: placeOf(step, null), reason: unmet });
        return skippedBecause(unmet);
      }
      if (step.control !== null) return await this.#control(step, step.control, options);
      kindOf(this.#core, step);
      return await runStep(this.#core, step, options);
    } catch (error) {
      const known = asHopbookError(error);
      this.#core.state.markIncomplete(`${step.name ?? step.id}: ${known.message}`, placeOf(step, null));
      return { status: "failed", error: known, reason: null, outputs: null, plan: null };
    }
  }

  /** Waits for what the step needs; why it cannot run, or null. */
  async #findUnmet(step: RunbookStep, leash: Leash): Promise<string | null> {
    // All of them, whatever became of the first: what stands below counts on their having ended.
    const tasks = step.needs.flatMap((id) => this.#tasks.get(id) ?? []);
    await Promise.race([Promise.all(tasks.map((task) => task.ended)), aborted(leash.cancelled)]);
    if (leash.cancelled.aborted && tasks.some((task) => !task.isOver)) {
      return "it was cancelled while it waited";
    }
    for (const id of step.needs) {
      const status = this.#core.state.ended.get(id);
      if (status === "done") continue;
      return `${id}, which it needs, ${status === undefined ? "did not run" : status === "failed" ? "failed" : "was skipped"}`;
    }
    return null;
  }

  async #control(
    step: RunbookStep,
    control: StepControl,
    { leash, timeoutMs }: { readonly leash: Leash; readonly timeoutMs: number | null },
  ): Promise<OneResult> {
    const core = this.#core;
    const place = placeOf(step, null);
    const startedMs = Date.now();
    if (!isWanted(core, step, null)) {
      emitSkipped(core, step, { place, reason: UNWANTED });
      return skippedBecause(UNWANTED);
    }
    emitStarted(core, step, place);
    const tasks = control.steps.flatMap((id) => this.#tasks.get(id) ?? []);
    if (control.type === "cancel") {
      for (const task of tasks) if (!task.isOver) task.leash.cancel("cancel", core.timing.graceMs);
    }
    const all = Promise.all(tasks.map((task) => task.ended));
    const options = { leash, clock: clockOf(core), timing: core.timing, timeoutMs, note: () => undefined };
    try {
      await withinLimits(step, (signal) => Promise.race([all, rejectOn(signal)]), options);
    } catch (error) {
      emitEnded(core, step, { place, status: "failed", startedMs });
      throw error;
    }
    emitEnded(core, step, { place, status: "done", startedMs });
    return { status: "done", error: null, reason: null, outputs: {}, plan: null };
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

async function rejectOn(signal: AbortSignal): Promise<never> {
  await aborted(signal);
  throw new Error("aborted");
}
