import { HopbookError, messageOf } from "../errors.js";
import type { ReleaseHow } from "../model/detached.js";
import type { StepKind, StepPlan } from "../model/steps.js";
import { makePlan, sha256, type Plan, type PlanStep } from "../plan/plan.js";
import type { Runbook, RunbookStep } from "../runbook/index.js";
import { contextFor } from "./context.js";
import type { Core } from "./core.js";
import { environmentOf } from "./environment.js";
import { guardKinds } from "./issued.js";
import { deferredPart, describeStep, withoutOutputs } from "./plan-step.js";
import { Planner } from "./planner.js";
import { Scheduler } from "./scheduler.js";
import { findCaptures, isLeftBefore, restoreSnapshot, takeSnapshot, type Snapshot } from "./suspend.js";
import { RunState, type EngineHost } from "./state.js";
import { TIMING, type EngineTiming } from "./timing.js";

export type { Snapshot } from "./suspend.js";

interface EngineOptions {
  readonly runbook: Runbook;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly kinds: ReadonlyMap<string, StepKind>;
  readonly host: EngineHost;
  /** Where it is not the usual one. */
  readonly timing?: Partial<EngineTiming>;
}

export interface RunOutcome {
  readonly status: "done" | "failed" | "interrupted";
  /** Why it failed or was interrupted; null where it is done. */
  readonly error: Error | null;
  readonly incomplete: readonly string[];
}

/** What expressions saw after the last step: checks are answered from it, now and whenever a run is judged again. */
export const ENVIRONMENT_FILE = "evidence/environment.json";

/**
 * Runs one runbook once: `plan()`, then, if that was agreed to, `run()`, and always `close()`. It knows no step
 * kind; it knows that discovery runs while the plan is made and that what is held is let go of on every path.
 */
export class Engine {
  readonly #core: Core;

  constructor(options: EngineOptions) {
    const state = new RunState(options.host);
    this.#core = {
      ...{ ...options, kinds: guardKinds(options.kinds, state.issued), state },
      timing: { ...TIMING, ...options.timing },
    };
  }

  get incomplete(): readonly string[] {
    return this.#core.state.incomplete;
  }

  markIncomplete(reason: string): void {
    this.#core.state.markIncomplete(reason, null);
  }

  /** Runs discovery, asks every action for its commands. Changes nothing. */
  async plan(): Promise<Plan> {
    return this.#planOf(await new Planner(this.#core).planAll());
  }

  /** The steps as they stand in the runbook, where no node may be asked; `why` stands with each. */
  outline(why: string): Plan {
    const { steps, finally: always } = this.#core.runbook;
    const part = withoutOutputs(deferredPart(why));
    const outline = (step: RunbookStep, isAlways: boolean): PlanStep => ({
      ...describeStep(this.#core, step, isAlways),
      ...part,
      combinations: null,
    });
    return this.#planOf([
      ...steps.map((step) => outline(step, false)),
      ...always.map((step) => outline(step, true)),
    ]);
  }

  #planOf(steps: readonly PlanStep[]): Plan {
    const { runbook, inputs, host } = this.#core;
    return makePlan({
      runbook: { name: runbook.metadata.name, sha256: sha256(runbook.document.text) },
      cluster: host.profile.name,
      inputs,
      steps,
    });
  }

  /** One discovery kind by itself, with an input that is typed already. */
  async planOne(kind: StepKind, input: Record<string, unknown>): Promise<StepPlan> {
    const place = { step: kind.name, combination: null, evidenceName: kind.name.replace("/", "-") };
    const { signal } = this.#core.host;
    return kind.plan(input, contextFor(this.#core, place, { signal, cancelled: signal }));
  }

  /** Runs the actions of a plan that was made by `plan()`. Never throws; what went wrong is in the outcome. */
  async run(): Promise<RunOutcome> {
    const { runbook, state } = this.#core;
    state.beginRun([...runbook.steps, ...runbook.finally]);
    const scheduler = new Scheduler(this.#core);
    await scheduler.runSteps(runbook.steps);
    return this.#finish(scheduler);
  }

  /**
   * The same up to where its captures go on without the client: then they are held, and the caller lets go of them by
   * `close`. A run that fails before, or that has none, goes to its end.
   */
  async runUntilDetached(): Promise<
    | { readonly snapshot: Snapshot; readonly outcome: null }
    | { readonly snapshot: null; readonly outcome: RunOutcome }
  > {
    const { runbook, state, host } = this.#core;
    state.beginRun([...runbook.steps, ...runbook.finally]);
    const scheduler = new Scheduler(this.#core);
    let isLeft = false;
    await scheduler.runSteps(runbook.steps, (step) => (isLeft ||= isLeftBefore(this.#core, step)));
    isLeft ||= findCaptures(this.#core).length > 0;
    if (isLeft && scheduler.failure === null && !host.signal.aborted) {
      return { snapshot: takeSnapshot(this.#core), outcome: null };
    }
    await scheduler.runSteps(runbook.steps);
    return { snapshot: null, outcome: await this.#finish(scheduler) };
  }

  /**
   * Takes up a run that was left, and runs what is left of it. What is held stays held. Rejects where its captures could
   * not be had, or the person wants out: then it can be taken up again.
   */
  async resume(snapshot: Snapshot): Promise<RunOutcome> {
    const { runbook, state, host } = this.#core;
    restoreSnapshot(this.#core, snapshot);
    const scheduler = new Scheduler(this.#core);
    await scheduler.runSteps(runbook.steps);
    if (host.signal.aborted) throw interrupted();
    const { failure } = scheduler;
    const isTaken = snapshot.again.every((id) => state.ended.get(id) === "done");
    if (failure !== null && (!isTaken || failure.code === "CAPTURE_FAILED")) throw failure;
    await scheduler.runFinally(runbook.finally);
    if (host.signal.aborted) throw interrupted();
    await this.#keepEnvironment();
    return { status: failure === null ? "done" : "failed", error: failure, incomplete: state.incomplete };
  }

  async #finish(scheduler: Scheduler): Promise<RunOutcome> {
    const { runbook, state, host } = this.#core;
    await scheduler.runFinally(runbook.finally);
    const isInterrupted = host.signal.aborted;
    await this.#keepEnvironment();
    await this.close();
    if (isInterrupted) {
      state.markIncomplete("interrupted before it was done", null);
      return {
        status: "interrupted",
        error: interrupted(),
        incomplete: state.incomplete,
      };
    }
    const { failure } = scheduler;
    return {
      status: failure === null ? "done" : "failed",
      error: failure,
      incomplete: state.incomplete,
    };
  }

  async #keepEnvironment(): Promise<void> {
    try {
      await this.#core.host.sink.writeJson(ENVIRONMENT_FILE, environmentOf(this.#core));
    } catch (error) {
      this.#core.state.markIncomplete(`what the steps put out could not be kept: ${messageOf(error)}`, null);
    }
  }

  /** Lets go of everything that is held. Safe to call twice. */
  async close(detached?: ReleaseHow["detached"]): Promise<void> {
    await this.#core.state.releaseAll({
      interrupted: this.#core.host.signal.aborted,
      ...(detached === undefined ? {} : { detached }),
    });
  }
}

function interrupted(): HopbookError {
  return new HopbookError("INTERRUPTED", "The run was interrupted; what it had started is stopped");
}
