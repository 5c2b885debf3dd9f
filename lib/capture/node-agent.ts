import { setMaxListeners } from "node:events";
import { HopbookError } from "../errors.js";
import type { Argv, NodeStream } from "../model/access.js";
import { systemClock, type Clock } from "../model/clock.js";
import type { GuardedAccess } from "../model/guarded-access.js";
import { parseAgentLine, startError, type AgentLine } from "./agent-lines.js";
import type { NodeCapturePlan } from "./plan.js";

const BEAT_MS = 4000;
/** An agent says a few lines for each hop; a node that never stops must not fill our memory. */
const MAX_LINES_A_HOP = 20;
const MAX_LINES = 100;

/** Who hears of what befalls an agent, and by what clock it is waited for. */
interface Told {
  /** Default: the system's. */
  readonly clock?: Clock;
  readonly onLine?: (line: AgentLine) => void;
  /** It listened, and is lost for this reason. */
  readonly onLost?: (why: string) => void;
}

/** The client's side of one node's agent: hears its lines, keeps its lease, tells it to stop. */
export class NodeAgent {
  readonly plan: NodeCapturePlan;
  readonly access: GuardedAccess;
  readonly lines: AgentLine[] = [];
  /** When each "listening on" was heard here, in client milliseconds. */
  readonly heardAtMs: number[] = [];
  /** Why the node was lost, once it is. */
  lost: string | null = null;
  /** Why its captures never began, where others' went on without it. */
  unstarted: string | null = null;
  readonly #stream: NodeStream;
  readonly #beat: NodeJS.Timeout;
  readonly #waiters = new Set<() => void>();
  readonly #told: Told;
  readonly #reading: Promise<void>;
  #ended = false;
  #closing = false;

  constructor(plan: NodeCapturePlan, access: GuardedAccess, told: Told = {}) {
    this.plan = plan;
    this.access = access;
    this.#told = told;
    this.#stream = access.stream(plan.argv, { action: plan.action });
    this.#beat = setInterval(() => this.#stream.write("beat\n"), BEAT_MS);
    this.#beat.unref();
    this.#reading = this.#read();
  }

  async #read(): Promise<void> {
    try {
      for await (const text of this.#stream.stdoutLines) {
        const line = parseAgentLine(text);
        if (line === null) continue;
        if (this.lines.length >= MAX_LINES + MAX_LINES_A_HOP * this.plan.hops.length) {
          this.lost = "its capture agent talks without end";
          void this.#stream.kill();
          break;
        }
        this.lines.push(line);
        if (line.type === "listening") this.heardAtMs.push(performance.now());
        this.#told.onLine?.(line);
        this.#wake();
      }
    } catch {
      // The end of the stream says below what happened.
    }
    const end = await this.#stream.done;
    clearInterval(this.#beat);
    this.#ended = true;
    if (this.lost === null && !this.#closing && !this.has("removed")) {
      const bye = this.lines.find((line) => line.type === "bye");
      const refusal = this.lines.find((line) => line.type === "error");
      const refused = refusal === undefined ? undefined : startError(this.plan.node, refusal).message;
      const said = bye?.why ?? refused ?? this.#stream.stderrText().trim().split("\n").slice(-3).join("; ");
      this.lost = said || `its capture agent ended (exit ${end.exitCode ?? end.signal ?? "unknown"})`;
    }
    if (this.lost !== null && this.has("ready")) this.#told.onLost?.(this.lost);
    this.#wake();
  }

  has(type: AgentLine["type"]): boolean {
    return this.lines.some((line) => line.type === type);
  }

  /** Resolves when every tcpdump of the node listens; rejects where one does not, with the agent's reason. */
  async ready(deadlineMs: number, signal: AbortSignal): Promise<void> {
    await this.#until(
      () => this.has("ready") || this.#ended || this.#refusal() !== undefined,
      deadlineMs,
      signal,
    );
    // The reason comes just before the end: give the agent a moment to say all.
    if (this.has("ready")) return;
    const refusal = this.#refusal();
    if (refusal !== undefined) throw startError(this.plan.node, refusal);
    throw new HopbookError(
      this.#ended ? "CAPTURE_FAILED" : "COMMAND_TIMEOUT",
      `Cannot capture on ${this.plan.node}: ${this.lost ?? "its captures did not get ready in time"}`,
      { where: { node: this.plan.node }, hint: "Look at the node's load and at the transcript" },
    );
  }

  #refusal(): Extract<AgentLine, { type: "error" | "failed" }> | undefined {
    return this.lines.find((line) => line.type === "error" || line.type === "failed");
  }

  /** Ends the tcpdumps; true once each has said its closing lines. */
  async stop(deadlineMs: number): Promise<boolean> {
    this.#stream.write("stop\n");
    await this.#until(() => this.has("stopped") || this.#ended, deadlineMs);
    return this.has("stopped");
  }

  /**
   * Keeps what rings hold of the last seconds (null: all of it), and goes on. null where the node did not say that it did so,
   * else how many files it kept.
   */
  async freeze(lastSeconds: number | null, deadlineMs: number): Promise<number | null> {
    const before = this.lines.filter(({ type }) => type === "frozen").length;
    const mine = (): Extract<AgentLine, { type: "frozen" }> | undefined =>
      this.lines.filter((line) => line.type === "frozen")[before];
    this.#stream.write(lastSeconds === null ? "freeze\n" : `freeze ${Math.ceil(lastSeconds)}\n`);
    await this.#until(() => mine() !== undefined || this.#ended, deadlineMs);
    return mine()?.files ?? null;
  }

  /** Removes the folder from the node and ends the agent. True where the agent confirmed it. */
  async remove(deadlineMs: number): Promise<boolean> {
    this.#closing = true;
    this.#stream.write("remove\n");
    await this.#until(() => this.has("removed") || this.#ended, deadlineMs);
    return this.#finish(deadlineMs);
  }

  /**
   * Lets go of an agent that goes on by itself, with `keep` stored beside it. True where it confirmed that; until
   * then its end is ours.
   */
  async leave(
    deadlineMs: number,
    keep?: { readonly argv: Argv; readonly bytes: Uint8Array },
  ): Promise<boolean> {
    if (keep !== undefined && !this.#ended) {
      const { action } = this.plan;
      const { exitCode } = await this.access
        .exec(keep.argv, { action, timeoutMs: deadlineMs, stdin: keep.bytes })
        .catch(() => ({ exitCode: null }));
      if (exitCode !== 0) return false;
    }
    this.#closing = true;
    this.#stream.write("leave\n");
    await this.#until(() => this.has("left") || this.#ended, deadlineMs);
    await this.#finish(deadlineMs);
    return this.has("left");
  }

  /** Closes its stdin, upon which the agent ends everything and removes the folder. True where it confirmed it. */
  async abort(deadlineMs: number): Promise<boolean> {
    this.#closing = true;
    return this.#finish(deadlineMs);
  }

  /** Goes on without it, as it did not get ready. */
  async giveUp(why: string, deadlineMs: number): Promise<void> {
    await this.abort(deadlineMs);
    this.lost ??= why;
    this.unstarted = why;
  }

  async #finish(deadlineMs: number): Promise<boolean> {
    this.#stream.end();
    await this.#until(() => this.#ended, deadlineMs);
    if (!this.#ended) await this.#stream.kill();
    clearInterval(this.#beat);
    await this.#reading;
    // Its last word comes after all is gone; an error comes before anything is there.
    return this.has("removed") || this.has("bye") || this.has("error");
  }

  #wake(): void {
    for (const wake of this.#waiters) wake();
  }

  /** Waits until the condition holds, the time is over or the signal fires, whichever is first. */
  async #until(condition: () => boolean, deadlineMs: number, signal?: AbortSignal): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve) => {
      const limit = (this.#told.clock ?? systemClock).limit(deadlineMs);
      const finish = (): void => {
        limit.clear();
        this.#waiters.delete(check);
        signal?.removeEventListener("abort", finish);
        resolve();
      };
      const check = (): void => {
        if (condition()) finish();
      };
      limit.signal.addEventListener("abort", finish, { once: true });
      this.#waiters.add(check);
      // A run has one signal, and many nodes that listen to it.
      if (signal !== undefined) setMaxListeners(0, signal);
      signal?.addEventListener("abort", finish, { once: true });
      if (signal?.aborted === true) finish();
    });
    signal?.throwIfAborted();
  }
}
