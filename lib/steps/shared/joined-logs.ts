import { planPodLog } from "../../cluster/index.js";
import { messageOf } from "../../errors.js";
import type { StepContext } from "../../model/steps.js";
import { waitForLine } from "../trigger/lines.js";
import { readLogLine } from "../trigger/log-line.js";
import type { SourceTime } from "../trigger/types.js";

/** A line of which pods' logs is waited for. */
export interface LogWish {
  readonly container: string | null;
  /** RE2. */
  readonly match: string;
  readonly time: SourceTime;
}

interface JoinedPod {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
}

interface JoinedLine {
  readonly pod: JoinedPod;
  readonly line: string;
}

interface Joined {
  readonly pod: JoinedPod;
  /** Of the step by which it joined, whose permissions bound what is run for it. */
  readonly context: StepContext;
  /** Whether all of its log is new. */
  isFresh: boolean;
}

/** A pod joins as soon as its network is there, and its containers log a little later. */
const TRIES = 10;
const TRY_AGAIN_MS = 1000;

/** A login has ten sessions, most of which a run has taken already. */
export function hasFewSessions(node: string, { accesses }: Pick<StepContext, "accesses">): boolean {
  const via = accesses.get(node)?.via;
  return via === "ssh" || via === "toolbox";
}

/** The logs of pods that join captures, for those who wait for a line of them. */
export class JoinedLogs {
  readonly #joined: Joined[] = [];
  readonly #wanted = new Set<(joined: Joined) => void>();
  readonly #endings: Promise<void>[] = [];

  /** They are captured from now on. */
  add(pods: readonly JoinedPod[], context: StepContext): void {
    for (const pod of pods) {
      const joined = { pod, context, isFresh: true };
      this.#joined.push(joined);
      for (const follow of this.#wanted) follow(joined);
    }
  }

  /** The first line that matches, of those that joined already as well. Rejects where the signal fires before. */
  async wait(wish: LogWish, signal: AbortSignal): Promise<JoinedLine> {
    return new Promise((resolve, reject) => {
      const follow = (joined: Joined): void => {
        const ended = this.#follow(joined, { wish, signal }).then((line) => {
          if (line !== null) resolve({ pod: joined.pod, line });
        });
        this.#endings.push(ended);
      };
      this.#wanted.add(follow);
      signal.addEventListener("abort", () => {
        this.#wanted.delete(follow);
        reject(signal.reason instanceof Error ? signal.reason : new Error("it is over"));
      });
      this.#joined.forEach(follow);
    });
  }

  /** Waits until nothing is followed on any node any more: after the signals of all who waited. */
  async settle(): Promise<void> {
    for (let done = 0; done < this.#endings.length; done += 1) await this.#endings[done];
  }

  /** null: there was none, and will be none. Never rejects. */
  async #follow(
    joined: Joined,
    { wish, signal }: { readonly wish: LogWish; readonly signal: AbortSignal },
  ): Promise<string | null> {
    const { pod, context, isFresh } = joined;
    const name = `${pod.namespace}/${pod.name}`;
    if (hasFewSessions(pod.node, context)) {
      context.note("warn", `the log of ${name} is not followed: ${pod.node}'s login has no session for that`);
      return null;
    }
    const fromStart = isFresh;
    joined.isFresh = false;
    const { node } = pod;
    const argv = planPodLog({ ...pod, container: wish.container }, { ...wish.time, fromStart });
    const read = (line: string): ReturnType<typeof readLogLine> => readLogLine(line, wish.match, pod);
    const options = { signal, armed: () => undefined, endings: this.#endings };
    for (let tries = 1; ; tries += 1) {
      try {
        return await waitForLine({ node, action: "pod/logs", argv }, read, { context, options });
      } catch (error) {
        if (signal.aborted) return null;
        if (tries === TRIES) {
          context.note("warn", `the log of ${name} is not followed: ${messageOf(error)}`);
          return null;
        }
      }
      await context.clock.sleep(TRY_AGAIN_MS, signal).catch(() => undefined);
      if (signal.aborted) return null;
    }
  }
}
