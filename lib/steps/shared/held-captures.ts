import type { CaptureSession } from "../../capture/index.js";
import type { CaptureRecord } from "../../model/evidence.js";
import type { StepContext } from "../../model/steps.js";
import type { CaptureInput } from "../capture-input.js";
import type { FoundPoints } from "../capture-points.js";
import type { Departures } from "./departures.js";
import { stopAndPull } from "./finish-captures.js";
import { JoinedAgents } from "./joined-agents.js";
import { JoinedLogs } from "./joined-logs.js";
import type { LiveCaptures } from "./live-captures.js";

/** How captures at points were started. */
export interface BegunCaptures {
  readonly input: CaptureInput;
  readonly filter: string;
  readonly maxMs: number;
  /** What their nodes have. */
  readonly tools: FoundPoints["tools"];
}

interface Beside {
  readonly live?: LiveCaptures | null;
  readonly departures?: Departures | null;
  readonly begun?: BegunCaptures | null;
  readonly freezesLeft?: number;
}

/** The captures of a run while they are held: finished once, by their step or when they are let go of. */
export class HeldCaptures {
  private records: Promise<readonly CaptureRecord[]> | null = null;
  readonly #joined: CaptureSession[] = [];
  readonly #ending = new AbortController();

  readonly logs = new JoinedLogs();
  readonly agents = new JoinedAgents();
  /** What captures at points that begin from now on take: it grows with the addresses of hosts. */
  filter: string;
  readonly live: LiveCaptures | null;
  readonly departures: Departures | null;
  /** null: it is not known how they were started. */
  readonly begun: BegunCaptures | null;
  /** How often what the rings hold may still be kept. */
  freezesLeft: number;

  constructor(
    readonly session: CaptureSession,
    { live = null, departures = null, begun = null, freezesLeft = 0 }: Beside = {},
  ) {
    this.live = live;
    this.departures = departures;
    this.begun = begun;
    this.filter = begun?.filter ?? "";
    this.freezesLeft = freezesLeft;
  }

  /** Aborted when they are about to be stopped. */
  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  /** Captures that end with these; false where that is too late. */
  join(session: CaptureSession): boolean {
    if (this.#ending.signal.aborted) return false;
    this.#joined.push(session);
    return true;
  }

  /** Of all, also those that joined: the nodes that did not confirm it. */
  async freeze(lastSeconds: number | null): Promise<readonly string[]> {
    const sessions = [this.session, ...this.#joined];
    const silent = await Promise.all(sessions.map((session) => session.freeze(lastSeconds)));
    return [...new Set(silent.flat())];
  }

  /**
   * Stops, pulls, removes. After an interruption as well: partial evidence is evidence. Who asks a second time gets the
   * same captures.
   */
  finish(context: StepContext): Promise<readonly CaptureRecord[]> {
    this.#ending.abort();
    const { session, live, departures } = this;
    return (this.records ??= stopAndPull({ session, joined: this.#joined, live, departures }, context));
  }
}
