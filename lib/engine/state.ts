import { HopbookError, messageOf } from "../errors.js";
import type { RunEvent, StepContext, StepPlan } from "../model/steps.js";
import type { GuardedAccess } from "../model/guarded-access.js";
import type { DetachContext, ReleaseHow } from "../model/detached.js";
import type { Clock } from "../model/clock.js";
import type { ClusterProfile } from "../model/cluster.js";
import type { RunbookStep } from "../runbook/index.js";
import { IssuedObjects } from "./issued.js";

/** What the engine is given; everything that touches the world comes from outside. */
export interface EngineHost {
  readonly runId: string;
  readonly profile: ClusterProfile;
  readonly accesses: ReadonlyMap<string, GuardedAccess>;
  readonly unreachable: ReadonlyMap<string, Error>;
  readonly kube?: StepContext["kube"];
  readonly signal: AbortSignal;
  readonly sink: StepContext["sink"];
  /** Absent: the system's. */
  readonly clock?: Clock;
  readonly recipeDirs: readonly string[];
  readonly demand: StepContext["demand"];
  readonly locateBreaks: StepContext["locateBreaks"];
  readonly followFlows: StepContext["followFlows"];
  readonly actionOf: StepContext["actionOf"];
  readonly startSandbox: StepContext["startSandbox"];
  readonly readPackets: StepContext["readPackets"];
  readonly onEvent: (event: RunEvent) => void;
  /** Set where captures go on without the client. */
  readonly detach?: DetachContext;
  /** Somebody who watches the captures. */
  readonly live?: StepContext["live"];
}

export type StepStatus = "done" | "failed" | "skipped";

/** A step, or one combination of its matrix, as events and evidence name it. */
export interface StepPlace {
  readonly step: string;
  /** `pod=shop/web`; null where the step has no matrix. */
  readonly combination: string | null;
  readonly evidenceName: string;
}

interface Held {
  readonly key: string;
  readonly value: unknown;
  readonly owner: string;
  readonly release: (how: ReleaseHow) => Promise<void>;
}

/** What lives from the first step to the last. */
export class RunState {
  /** By step: what expressions see. While the plan is made, of actions what is known beforehand. */
  readonly outputs = new Map<string, unknown>();
  /** Steps whose outputs the plan knows in part at most. */
  readonly open = new Set<string>();
  /** By step: how it ended; of discovery already while the plan is made. */
  readonly ended = new Map<string, StepStatus>();
  /** By evidence name: the step that it belongs to. */
  readonly stepOf = new Map<string, string>();
  /** By evidence name. */
  readonly plans = new Map<string, StepPlan>();
  readonly incomplete: string[] = [];
  readonly issued = new IssuedObjects();
  readonly #held: Held[] = [];
  readonly #host: EngineHost;

  constructor(host: EngineHost) {
    this.#host = host;
  }

  /**
   * From here on nobody sees what was only planned: the outputs of a step that has not ended are empty. Of a matrix they
   * are null and no empty list, of which every `all()` is true and no `exists()`: a check would pass on what never ran.
   */
  beginRun(steps: readonly RunbookStep[]): void {
    this.open.clear();
    for (const { id, strategy } of steps) {
      if (!this.ended.has(id)) this.outputs.set(id, strategy === null ? {} : null);
    }
  }

  /** `isSaidLater`: the error itself ends the run, and is what a person sees of it at its end. */
  markIncomplete(reason: string, place: StepPlace | null, isSaidLater = false): void {
    const label = place?.combination ?? null;
    const text = label === null ? reason : `${reason} [${label}]`;
    if (this.incomplete.includes(text)) return;
    this.incomplete.push(text);
    if (!isSaidLater) this.note("warn", reason, place);
  }

  note(level: "info" | "warn", text: string, place: StepPlace | null): void {
    const combination =
      place === null || place.combination === null ? {} : { combination: place.combination };
    this.#host.onEvent({ type: "note", step: place?.step ?? null, ...combination, level, text });
  }

  /** A key has one holder: the `release` of a second one is kept all the same, and then it is an error. */
  hold(held: Omit<Held, "owner">, place: StepPlace): void {
    const holder = this.#held.findLast((entry) => entry.key === held.key);
    this.#held.push({ ...held, owner: place.evidenceName });
    if (holder === undefined || holder.owner === place.evidenceName) return;
    throw new HopbookError(
      "COMMAND_FAILED",
      `Cannot hold ${held.key} for step ${place.evidenceName}: step ${holder.owner} holds it until the run's end`,
      { hint: "Give the work of both to one step" },
    );
  }

  /** The first one: a second holder was refused, and only a later try of the same step replaces it. */
  held(key: string): unknown {
    const owner = this.#held.find((entry) => entry.key === key)?.owner;
    return this.#held.findLast((entry) => entry.key === key && entry.owner === owner)?.value;
  }

  /** Lets go of everything that is held, last one first; a failure of one does not keep the others. */
  async releaseAll(how: ReleaseHow): Promise<void> {
    for (let held = this.#held.pop(); held !== undefined; held = this.#held.pop()) {
      try {
        await held.release(how);
      } catch (error) {
        this.markIncomplete(`cleaning up ${held.key}: ${messageOf(error)}`, null);
      }
    }
  }
}
