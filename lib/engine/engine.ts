import { HopbookError } from "../errors.js";
import type { RunEvent, StepKind, StepPlan } from "../model/steps.js";
import { makePlan, sha256, type Plan, type PlanStep } from "../plan/plan.js";
import type { Runbook, RunbookStep } from "../runbook/index.js";
import { evaluateCondition, interpolate } from "../runbook/index.js";
import { messageOf, RunState, type EngineHost } from "./state.js";

export interface EngineOptions {
  readonly runbook: Runbook;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly kinds: ReadonlyMap<string, StepKind>;
  readonly host: EngineHost;
}

export interface RunOutcome {
  readonly status: "done" | "failed" | "interrupted";
  /** Why it failed or was interrupted; null where it is done. */
  readonly error: Error | null;
  readonly incomplete: readonly string[];
}

/**
 * Runs one runbook once: `plan()`, then, if that was agreed to, `run()`, and always `close()`. It knows no step
 * kind; it knows that discovery runs while the plan is made and that what is held is let go of on every path.
 */
export class Engine {
  readonly #options: EngineOptions;
  readonly #state: RunState;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#state = new RunState(options.host);
  }

  get incomplete(): readonly string[] {
    return this.#state.incomplete;
  }

  markIncomplete(reason: string): void {
    this.#state.markIncomplete(reason, null);
  }

  /** Runs discovery, asks every action for its commands. Changes nothing. */
  async plan(): Promise<Plan> {
    const { runbook, inputs, host } = this.#options;
    const steps: PlanStep[] = [];
    for (const [step, always] of allSteps(runbook)) steps.push(await this.#planStep(step, always));
    return makePlan({
      runbook: { name: runbook.metadata.name, sha256: sha256(runbook.document.text) },
      cluster: host.profile.name,
      inputs,
      steps,
    });
  }

  /** One discovery kind by itself, with an input that is typed already. */
  async planOne(kind: StepKind, input: Record<string, unknown>): Promise<StepPlan> {
    return kind.plan(input, this.#state.contextFor(kind.name, this.#options.host.signal));
  }

  async #planStep(step: RunbookStep, always: boolean): Promise<PlanStep> {
    const kind = this.#kindOf(step);
    const base = { id: step.id, uses: step.uses, title: step.name ?? kind.title, phase: kind.phase, always };
    const discovery = kind.phase === "discovery";
    if (!this.#isWanted(step)) {
      if (discovery) this.#emitSkipped(step);
      return { ...base, skipped: "its condition is false", commands: [], notes: [] };
    }
    const startedMs = Date.now();
    const plan = await this.#within(step, (signal) =>
      kind.plan(this.#inputOf(step), this.#state.contextFor(step.id, signal)),
    ).catch((error: unknown) => {
      if (discovery) this.#emitEnded(step, "failed", startedMs);
      throw error;
    });
    this.#state.plans.set(step.id, plan);
    this.#state.outputs.set(step.id, plan.outputs);
    if (discovery) this.#emitEnded(step, "done", startedMs);
    return { ...base, skipped: null, commands: plan.commands, notes: plan.notes };
  }

  /** Runs the actions of a plan that was made by `plan()`. Never throws; what went wrong is in the outcome. */
  async run(): Promise<RunOutcome> {
    let failure: Error | null = null;
    for (const step of this.#options.runbook.steps) {
      if (this.#kindOf(step).phase === "discovery") continue;
      if (failure !== null || this.#options.host.signal.aborted) break;
      failure = await this.#runStep(step);
    }
    for (const step of this.#options.runbook.finally) {
      const failed = await this.#runStep(step, FINALLY_LIMIT_MS);
      failure ??= failed;
    }
    const interrupted = this.#options.host.signal.aborted;
    await this.close();
    if (interrupted) {
      this.#state.markIncomplete("interrupted before it was done", null);
      return {
        status: "interrupted",
        error: new HopbookError("INTERRUPTED", "The run was interrupted; what it had started is stopped"),
        incomplete: this.#state.incomplete,
      };
    }
    return {
      status: failure === null ? "done" : "failed",
      error: failure,
      incomplete: this.#state.incomplete,
    };
  }

  /** Lets go of everything that is held. Safe to call twice. */
  async close(): Promise<void> {
    await this.#state.releaseAll({ interrupted: this.#options.host.signal.aborted });
  }

  /** null where the step is done, skipped, or failed and may. */
  async #runStep(step: RunbookStep, ownLimitMs?: number): Promise<Error | null> {
    const kind = this.#kindOf(step);
    const startedMs = Date.now();
    try {
      if (!this.#isWanted(step)) {
        this.#emitSkipped(step);
        return null;
      }
      const input = this.#inputOf(step);
      this.#emit({ type: "stepStarted", step: step.id, kind: kind.name, title: step.name ?? kind.title });
      const plan = this.#state.plans.get(step.id) ?? emptyPlan;
      const outer = ownLimitMs === undefined ? undefined : AbortSignal.timeout(ownLimitMs);
      const body = (signal: AbortSignal): Promise<unknown> => {
        if (kind.run === undefined) throw new HopbookError("INTERNAL", `Step kind ${kind.name} cannot run`);
        return kind.run(input, this.#state.contextFor(step.id, signal), plan);
      };
      const outputs = await this.#within(step, body, outer);
      this.#state.outputs.set(step.id, outputs);
      this.#emitEnded(step, "done", startedMs);
      return null;
    } catch (error) {
      this.#emitEnded(step, "failed", startedMs);
      this.#state.markIncomplete(`${step.name ?? step.id}: ${messageOf(error)}`, step.id);
      if (step.continueOnError) return null;
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  /** Runs under the step's own time limit, within the run's signal or the one that is given. */
  async #within<T>(
    step: RunbookStep,
    body: (signal: AbortSignal) => Promise<T>,
    outer = this.#options.host.signal,
  ): Promise<T> {
    if (step.timeoutMs === null) return body(outer);
    const limit = AbortSignal.timeout(step.timeoutMs);
    try {
      return await body(AbortSignal.any([outer, limit]));
    } catch (error) {
      if (!limit.aborted || outer.aborted) throw error;
      throw new HopbookError(
        "COMMAND_TIMEOUT",
        `Cannot finish step ${step.id}: its time limit of ${step.timeoutMs} ms is over`,
        { hint: "Raise the step's `timeout`, or look at what it waited for above", cause: error },
      );
    }
  }

  #kindOf(step: RunbookStep): StepKind {
    const kind = this.#options.kinds.get(step.uses);
    if (kind !== undefined) return kind;
    throw new HopbookError(
      "DOCUMENT_INVALID",
      `Cannot run step ${step.id}: there is no step kind ${step.uses}`,
    );
  }

  #environment(): Record<string, unknown> {
    const { inputs, host, runbook } = this.#options;
    return {
      inputs,
      steps: Object.fromEntries([...this.#state.outputs].map(([id, outputs]) => [id, { outputs }])),
      cluster: { name: host.profile.name, nodes: host.profile.nodes.map((node) => node.name) },
      run: { id: host.runId, runbook: runbook.metadata.name },
    };
  }

  #isWanted(step: RunbookStep): boolean {
    return evaluateCondition(step, this.#environment(), this.#options.runbook.document);
  }

  #inputOf(step: RunbookStep): Record<string, unknown> {
    return interpolate(step, this.#environment(), this.#options.runbook.document);
  }

  #emit(event: RunEvent): void {
    this.#options.host.onEvent(event);
  }

  #emitSkipped(step: RunbookStep): void {
    const message = `${step.name ?? step.id}: skipped, its condition is false`;
    this.#emit({
      type: "stepEnded",
      step: step.id,
      kind: step.uses,
      status: "skipped",
      durationMs: 0,
      message,
    });
  }

  #emitEnded(step: RunbookStep, status: "done" | "failed", startedMs: number): void {
    const message = step.name ?? this.#kindOf(step).title;
    const durationMs = Date.now() - startedMs;
    this.#emit({ type: "stepEnded", step: step.id, kind: step.uses, status, durationMs, message });
  }
}

/** `finally` steps run after an interruption too, so they cannot hang on the run's signal. */
const FINALLY_LIMIT_MS = 15_000;

const emptyPlan: StepPlan = { commands: [], outputs: {}, notes: [] };

function allSteps(runbook: Runbook): [RunbookStep, boolean][] {
  return [
    ...runbook.steps.map((step): [RunbookStep, boolean] => [step, false]),
    ...runbook.finally.map((step): [RunbookStep, boolean] => [step, true]),
  ];
}
