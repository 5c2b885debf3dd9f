import type { PlannedCommand, StepContext } from "../../model/steps.js";

/** What made a trigger fire. */
export interface TriggerHit {
  readonly by: "packet" | "log" | "command" | "counter" | "probe" | "event" | "time";
  /** In words, fit to be shown. */
  readonly what: string;
  /** The node on which it was seen; null for what was seen here. */
  readonly node: string | null;
}

/** One thing that is waited for. */
export interface TriggerSource {
  readonly commands: readonly PlannedCommand[];
  /** In words, for the plan. */
  readonly note: string;
  /** Resolves with the first hit; rejects where it can be waited for no more. `armed` is called once nothing is missed from then on. */
  wait(context: StepContext, options: WaitOptions): Promise<TriggerHit>;
}

export interface WaitOptions {
  readonly signal: AbortSignal;
  readonly armed: () => void;
  /** What is still ending on the nodes. */
  readonly endings: Promise<void>[];
}

/** For what runs on a node: it ends by itself after so long, or without a sign of life of its client. */
export interface SourceTime {
  readonly seconds: number;
  readonly leaseSeconds: number;
}
