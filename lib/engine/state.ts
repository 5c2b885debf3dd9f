import { HopbookError } from "../errors.js";
import type { RunEvent, StepContext, StepPlan } from "../model/steps.js";
import type { NodeAccess } from "../model/access.js";
import type { ClusterProfile } from "../model/cluster.js";

/** What the engine is given; everything that touches the world comes from outside. */
export interface EngineHost {
  readonly runId: string;
  readonly profile: ClusterProfile;
  readonly accesses: ReadonlyMap<string, NodeAccess>;
  readonly unreachable: ReadonlyMap<string, Error>;
  readonly signal: AbortSignal;
  readonly sink: StepContext["sink"];
  readonly recipeDirs: readonly string[];
  readonly demand: StepContext["demand"];
  readonly locateBreaks: StepContext["locateBreaks"];
  readonly actionOf: StepContext["actionOf"];
  readonly startSandbox: StepContext["startSandbox"];
  readonly readPackets: StepContext["readPackets"];
  readonly onEvent: (event: RunEvent) => void;
}

const NEVER = new AbortController().signal;

interface Held {
  readonly key: string;
  readonly value: unknown;
  readonly release: (how: { interrupted: boolean }) => Promise<void>;
}

/** What lives from the first step to the last. */
export class RunState {
  readonly outputs = new Map<string, unknown>();
  readonly plans = new Map<string, StepPlan>();
  readonly incomplete: string[] = [];
  readonly #held: Held[] = [];
  readonly #host: EngineHost;

  constructor(host: EngineHost) {
    this.#host = host;
  }

  /** The context of one step; `signal` may end earlier than the run's. */
  contextFor(step: string, signal: AbortSignal): StepContext {
    const host = this.#host;
    return {
      runId: host.runId,
      profile: host.profile,
      accesses: host.accesses,
      unreachable: host.unreachable,
      signal,
      sink: host.sink,
      recipeDirs: host.recipeDirs,
      locateBreaks: host.locateBreaks,
      demand: host.demand,
      actionOf: host.actionOf,
      startSandbox: host.startSandbox,
      readPackets: host.readPackets,
      cancelled: NEVER,
      invoke: () => Promise.reject(new HopbookError("INTERNAL", "A step cannot invoke another one yet")),
      note: (level, text) => host.onEvent({ type: "note", step, level, text }),
      markIncomplete: (reason) => this.markIncomplete(reason, step),
      hold: (key, value, release) => void this.#held.push({ key, value, release }),
      held: (key) => this.#held.findLast((entry) => entry.key === key)?.value,
    };
  }

  markIncomplete(reason: string, step: string | null): void {
    if (this.incomplete.includes(reason)) return;
    this.incomplete.push(reason);
    this.#host.onEvent({ type: "note", step, level: "warn", text: reason });
  }

  /** Lets go of everything that is held, last one first; a failure of one does not keep the others. */
  async releaseAll(how: { interrupted: boolean }): Promise<void> {
    for (let held = this.#held.pop(); held !== undefined; held = this.#held.pop()) {
      try {
        await held.release(how);
      } catch (error) {
        this.markIncomplete(`cleaning up ${held.key}: ${messageOf(error)}`, null);
      }
    }
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
