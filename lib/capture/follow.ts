import { messageOf } from "../errors.js";
import type { Argv, NodeStream } from "../model/access.js";
import type { GuardedAccess } from "../model/guarded-access.js";
import type { LiveFeed, LiveView } from "../model/live/view.js";
import { BLOCK_BYTES, FOLLOW_NAME, FOLLOW_SCRIPT } from "./follow-agent.js";
import { parseFollowLine, type FollowLine } from "./follow-lines.js";
import type { NodeCapturePlan } from "./plan.js";

interface FollowOptions {
  readonly feed: LiveFeed;
  readonly view: Pick<LiveView, "wantsPackets" | "countsEveryMs">;
  /** What the feed calls a capture of the node. */
  readonly nameOf: (hopId: string) => string;
}

/** Between two looks; after one that took long, longer: a node is looked at for a fifth of the time at most. */
const PAUSE_MS = 250;
const PAUSE_SHARE = 4;
/** Of a capture in one answer: a line has at most 1 MiB. */
const MOST_BLOCKS = 128;
/** Of a capture in one round. */
const MOST_ANSWERS = 8;
/** What is further behind than this is left out, but for the end. */
const MOST_BEHIND_BYTES = 16 * 1024 * 1024;
const KEPT_BYTES = 1024 * 1024;
const ANSWER_MS = 10_000;
const END_MS = 1500;

/** Follows the captures of one node while they go on, by a stream of its own. Nothing that befalls it befalls them. */
export class CaptureFollower {
  readonly #plan: NodeCapturePlan;
  readonly #options: FollowOptions;
  readonly #stream: NodeStream;
  readonly #lines: AsyncIterator<string, unknown>;
  /** How much of each capture's file was read. */
  readonly #read = new Map<string, number>();
  readonly #running: Promise<void>;
  #countAtMs = 0;
  #wake: () => void = () => undefined;
  #isEnding = false;
  #deadlineMs = Infinity;

  constructor(plan: NodeCapturePlan, access: GuardedAccess, options: FollowOptions) {
    this.#plan = plan;
    this.#options = options;
    this.#stream = access.stream(followWords(plan), { action: "capture/pull", reads: plan.dir });
    this.#lines = this.#stream.stdoutLines[Symbol.asyncIterator]();
    this.#running = this.#run();
  }

  /** Takes what the files have by now, and ends. Never rejects. */
  async finish(deadlineMs: number): Promise<void> {
    this.#isEnding = true;
    this.#deadlineMs = performance.now() + deadlineMs;
    this.#wake();
    await this.#running;
    this.#stream.end();
    const timer = setTimeout(() => void this.#stream.kill(), END_MS);
    await this.#stream.done;
    clearTimeout(timer);
  }

  async #run(): Promise<void> {
    const { feed } = this.#options;
    try {
      for (let isLast = false; !isLast;) {
        // What came before the last look is in the files.
        isLast = this.#isEnding;
        const startedMs = performance.now();
        await this.#look();
        if (!isLast) await this.#pause(Math.max(PAUSE_MS, PAUSE_SHARE * (performance.now() - startedMs)));
      }
    } catch (error) {
      if (!this.#isEnding) feed.blind(this.#plan.node, messageOf(error));
    }
  }

  async #look(): Promise<void> {
    const { feed, view, nameOf } = this.#options;
    const askedMs = Date.now();
    const lines = await this.#ask("look", "looked");
    for (const line of lines) {
      if (line.type === "at") feed.clock(this.#plan.node, clockOf(line, askedMs));
    }
    for (const line of lines) {
      if (line.type !== "size" || !this.#isOurs(line.hopId)) continue;
      feed.grown(nameOf(line.hopId), line.bytes);
      if (view.wantsPackets) await this.#follow(line.hopId, line.bytes);
    }
    if (view.countsEveryMs === null || this.#isEnding || performance.now() < this.#countAtMs) return;
    this.#countAtMs = performance.now() + view.countsEveryMs;
    for (const line of await this.#ask("count", "counted")) {
      if (line.type === "count" && this.#isOurs(line.hopId)) feed.counts(nameOf(line.hopId), line.counts);
    }
  }

  #isOurs(id: string): boolean {
    return this.#plan.hops.some(({ hop }) => hop.id === id);
  }

  async #follow(id: string, size: number): Promise<void> {
    const { feed, nameOf } = this.#options;
    for (let answers = 0; answers < MOST_ANSWERS || this.#isEnding; answers++) {
      const from = this.#read.get(id) ?? 0;
      if (from >= size || !feed.hasRoom || performance.now() > this.#deadlineMs) return;
      if (size - from > MOST_BEHIND_BYTES && from > 0 && !this.#isEnding) {
        this.#read.set(id, size - KEPT_BYTES);
        feed.gap(nameOf(id));
        continue;
      }
      const block = Math.floor(from / BLOCK_BYTES);
      const [answer] = (await this.#ask(`read ${id} ${block} ${MOST_BLOCKS}`, "data")).filter(
        (line) => line.type === "data",
      );
      const bytes = answer?.bytes.subarray(from - block * BLOCK_BYTES) ?? new Uint8Array();
      if (answer?.hopId !== id || answer.block !== block || bytes.length === 0) return;
      this.#read.set(id, from + bytes.length);
      feed.bytes(nameOf(id), bytes);
    }
  }

  /** What it answers, up to a line of that kind. Rejects where it does not, in time. */
  async #ask(word: string, until: FollowLine["type"]): Promise<readonly FollowLine[]> {
    const answer: FollowLine[] = [];
    this.#stream.write(`${word}\n`);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const over = (): void => reject(new Error("it does not answer"));
      timer = setTimeout(over, Math.min(ANSWER_MS, Math.max(0, this.#deadlineMs - performance.now())));
      timer.unref();
    });
    try {
      for (;;) {
        const next: IteratorResult<string, unknown> = await Promise.race([this.#lines.next(), late]);
        if (next.done === true)
          throw new Error(this.#stream.stderrText().trim().split("\n").at(-1) || "it ended");
        const line = parseFollowLine(next.value);
        if (line === null) continue;
        if (line.type === "error") throw new Error(line.why);
        answer.push(line);
        if (line.type === until) return answer;
        if (answer.length > this.#plan.hops.length + 8) throw new Error("it talks without end");
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async #pause(ms: number): Promise<void> {
    if (this.#isEnding) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function followWords({ dir, hops }: NodeCapturePlan): Argv {
  return ["sh", "-c", FOLLOW_SCRIPT, FOLLOW_NAME, dir, ...hops.map(({ hop }) => hop.id)];
}

/** The node looked at its clock between the question and now. */
function clockOf(
  { sec, errorMs }: Extract<FollowLine, { type: "at" }>,
  askedMs: number,
): { readonly aheadMs: number; readonly errorMs: number } {
  const half = (Date.now() - askedMs) / 2;
  return { aheadMs: sec * 1000 + errorMs - (askedMs + half), errorMs: half + errorMs };
}
