import type { Argv, NodeStream } from "../model/access.js";
import { systemClock, type Clock } from "../model/clock.js";
import type { GuardedAccess } from "../model/guarded-access.js";
import type { FlowPath } from "../model/hops.js";
import { DROPTRACE_SCRIPT } from "./droptrace-agent.js";

export const DROPTRACE_ACTION = "kernel/droptrace";

/** The drop trace of one node. */
interface DropTracePlan {
  readonly node: string;
  readonly argv: Argv;
}

interface DropTraceOptions {
  readonly runId: string;
  readonly leaseSeconds: number;
  /** Of each CPU. Default 4096. */
  readonly bufferKiB?: number;
}

/** More of a trace than this is cut. */
const MAX_TRACE_BYTES = 16 * 1024 * 1024;
/** What a line takes besides its characters, about: empty ones count as well. */
const LINE_COST_BYTES = 32;
const BEAT_MS = 4000;
const READY_TIMEOUT_MS = 8000;
const STOP_TIMEOUT_MS = 15_000;
const END_TIMEOUT_MS = 5000;

/** One trace on each node of the paths. Pure. */
export function planDropTraces(paths: readonly FlowPath[], options: DropTraceOptions): DropTracePlan[] {
  const devices = new Map<string, Set<string>>();
  for (const hop of paths.flatMap((path) => path.hops)) {
    // Of a pod that alone can be entered the kernel is the node's: no tracefs is to be had there.
    if (hop.netns.kind === "own") continue;
    const names = devices.get(hop.node) ?? new Set<string>();
    // A NIC sees all of the node's traffic: to trace that would cost the node too much.
    if (hop.role !== "nic" && /^[A-Za-z0-9_.@-]{1,15}$/.test(hop.interface)) names.add(hop.interface);
    devices.set(hop.node, names);
  }
  return [...devices].map(([node, names]) => {
    const filter = [...names].map((name) => `name == "${name}"`).join(" || ");
    const buffer = String(options.bufferKiB ?? 4096);
    const instance = `hopbook-${options.runId}-${node}`.replace(/[^A-Za-z0-9_.-]/g, "_").slice(0, 100);
    const values = [instance, String(options.leaseSeconds), buffer, String(MAX_TRACE_BYTES), filter];
    return { node, argv: ["sh", "-c", DROPTRACE_SCRIPT, "hopbook-droptrace", ...values] };
  });
}

interface CollectedTrace {
  readonly node: string;
  /** null where there is none; then `unavailable` says why. */
  readonly text: string | null;
  readonly unavailable: string | null;
  /** CLOCK_TAI less Unix time, in whole seconds. */
  readonly taiOffsetSec: number;
}

/** Traces that run until they are collected or aborted. A node that has none is no error. */
export class DropTraceSession {
  readonly #traces: readonly NodeTrace[];

  constructor(
    plans: readonly DropTracePlan[],
    accesses: ReadonlyMap<string, GuardedAccess>,
    clock: Clock = systemClock,
  ) {
    this.#traces = plans.map((plan) => new NodeTrace(plan, accesses.get(plan.node), clock));
  }

  /** Resolves when every node's trace runs or has said why not. */
  async ready(): Promise<readonly { node: string; unavailable: string | null }[]> {
    return Promise.all(
      this.#traces.map(async (trace) => ({ node: trace.node, unavailable: await trace.ready() })),
    );
  }

  async collect(): Promise<CollectedTrace[]> {
    return Promise.all(this.#traces.map((trace) => trace.collect()));
  }

  /** Ends what is left, upon which the agents remove their instances. */
  async abort(): Promise<void> {
    await Promise.all(this.#traces.map((trace) => trace.end()));
  }
}

class NodeTrace {
  readonly node: string;
  readonly #clock: Clock;
  readonly #stream: NodeStream | null;
  readonly #beat: NodeJS.Timeout;
  readonly #lines: string[] = [];
  #bytes = 0;
  #unavailable: string | null = null;
  #isReady = false;
  #isComplete = false;
  readonly #over: Promise<void>;
  #wake: () => void = () => undefined;

  constructor(plan: DropTracePlan, access: GuardedAccess | undefined, clock: Clock) {
    this.node = plan.node;
    this.#clock = clock;
    this.#stream = access?.stream(plan.argv, { action: DROPTRACE_ACTION }) ?? null;
    if (this.#stream === null) this.#unavailable = "the node is not open to this run";
    this.#beat = setInterval(() => this.#stream?.write("beat\n"), BEAT_MS);
    this.#beat.unref();
    this.#over = this.#read();
  }

  async #read(): Promise<void> {
    if (this.#stream === null) return;
    try {
      for await (const line of this.#stream.stdoutLines) {
        this.#take(line);
        // The agent on the node cuts the trace; a node that does not obey must not fill our memory.
        this.#bytes += line.length + LINE_COST_BYTES;
        if (this.#bytes <= 2 * MAX_TRACE_BYTES) continue;
        this.#unavailable = "the trace has no end";
        void this.#stream.kill();
        break;
      }
    } catch {
      // What was read so far counts; the end is told below.
    }
    await this.#stream.done;
    clearInterval(this.#beat);
    if (!this.#isReady)
      this.#unavailable ??= this.#stream.stderrText().trim().slice(-300) || "the agent ended";
    this.#wake();
  }

  #take(line: string): void {
    if (!this.#isReady && line.startsWith("unavailable "))
      this.#unavailable = line.slice("unavailable ".length);
    else if (!this.#isReady) this.#isReady = line === "ready";
    else if (line === "end") this.#isComplete = true;
    else if (line !== "begin") this.#lines.push(line);
    this.#wake();
  }

  /** null where the trace runs, else why it does not. */
  async ready(): Promise<string | null> {
    await this.#until(() => this.#isReady || this.#unavailable !== null, READY_TIMEOUT_MS);
    if (!this.#isReady) this.#unavailable ??= "the agent did not answer in time";
    return this.#unavailable;
  }

  async collect(): Promise<CollectedTrace> {
    if (this.#unavailable === null) {
      this.#stream?.write("stop\n");
      await this.#until(() => this.#isComplete, STOP_TIMEOUT_MS);
      if (!this.#isComplete) this.#unavailable ??= "the trace did not come in time";
    }
    await this.end();
    const text = this.#unavailable === null ? `${this.#lines.join("\n")}\n` : null;
    return { node: this.node, text, unavailable: this.#unavailable, taiOffsetSec: taiOffset(this.#lines) };
  }

  async end(): Promise<void> {
    clearInterval(this.#beat);
    if (this.#stream === null) return;
    this.#stream.end();
    const limit = this.#clock.limit(END_TIMEOUT_MS);
    const late = new Promise<"late">((resolve) =>
      limit.signal.addEventListener("abort", () => resolve("late"), { once: true }),
    );
    if ((await Promise.race([this.#over, late])) === "late") await this.#stream.kill();
    limit.clear();
  }

  async #until(condition: () => boolean, timeoutMs: number): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve) => {
      const limit = this.#clock.limit(timeoutMs);
      const finish = (): void => {
        limit.clear();
        resolve();
      };
      limit.signal.addEventListener("abort", finish, { once: true });
      this.#wake = () => {
        if (condition()) finish();
      };
      void this.#over.then(finish);
    });
  }
}

/**
 * `… 1763700000.123456: tracing_mark_write: hopbook-clock 1763699963.12`: the difference, rounded, since TAI is a
 * whole number of seconds ahead, or 0 where the kernel was never told (adjtimex(2)).
 */
export function taiOffset(lines: readonly string[]): number {
  for (const line of lines) {
    const match = /\s([0-9]+\.[0-9]+): tracing_mark_write: hopbook-clock ([0-9]+(?:\.[0-9]+)?)/.exec(line);
    if (match !== null) return Math.round(Number(match[1]) - Number(match[2]));
  }
  return 0;
}
