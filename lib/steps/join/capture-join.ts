import pMap from "p-map";
import { asHopbookError } from "../../errors.js";
import type { StepContext, StepKind } from "../../model/steps.js";
import { formatDuration, formatSize } from "../../model/units.js";
import { CAPTURE_ACTIONS } from "../capture-session.js";
import { durationSchema, NOT_YET, sizeSchema, toBytes, toMs } from "../schema.js";
import { heldCaptures } from "../shared/freeze.js";
import { joinPods, type JoiningPods } from "./join-pods.js";
import { joiningOf, say } from "./join-points.js";
import { Changes } from "../shared/changes.js";
import { fittingPods, growing, listsOf, type FittingPod } from "../shared/fitting-pods.js";

interface Input {
  readonly capture: string;
  readonly pods: string | readonly string[];
  readonly interface?: string;
  readonly captured?: readonly string[];
  readonly max?: number;
  readonly every?: string | number;
  readonly maxBytes?: string | number;
}

interface Output {
  readonly joined: readonly string[];
  readonly leftOut: readonly string[];
}

const MOST_JOINED = 64;
/** A pod whose interface is not there yet is tried again. */
const TRIES = 3;
const TRY_AGAIN_MS = 850;
const LOOK_AGAIN_MS = 900;
/** A slow node holds up no other one. */
const NODES_AT_ONCE = 16;

export const captureJoin: StepKind<Input, Output> = {
  name: "capture/join",
  title: "Capture pods that come meanwhile",
  description:
    "While captures at points go on, looks again and again for pods that fit labels, an owner or a Service, and captures those that " +
    "came with the filter and the kind of packets of the captures that run, in files of their own that end with them. A pod that may " +
    "not be captured is said and left out. Made for `background: true`; it ends when the captures end. Its commands are known only " +
    "when pods come: the permissions bound them. They are seen live as the others are (`-o -`, `--print`); by SSH those that come first, as a login has few sessions. Who waits for a line of their logs (`log.capture` of trigger/wait) has this step follow them, under pod/logs; not by SSH. Beside rings they are smaller rings. Not in runs that go on without their client.",
  phase: "action",
  plansCommands: false,
  detach: "before",
  actions: ["runtime/pods", "runtime/inspect", "node/read", "netns/read", ...CAPTURE_ACTIONS],
  planActions: [],
  inputSchema: {
    type: "object",
    required: ["capture", "pods"],
    additionalProperties: false,
    properties: {
      capture: { type: "string", title: "From capture/start; `captures` for those of capture/watch" },
      pods: {
        anyOf: [
          { type: "string", minLength: 1 },
          { type: "array", items: { type: "string", minLength: 1 }, maxItems: 64 },
        ],
        title:
          "As for pod/locate; names of single pods and nodes have no pods that could come, and are passed over",
      },
      interface: {
        type: "string",
        default: "",
        title: "Which one of a pod; empty: the one with its address",
      },
      captured: {
        type: "array",
        maxItems: 1000,
        items: { type: "string" },
        title: "Pods that are captured already, at points that are not their own (their node's)",
      },
      max: {
        type: "integer",
        minimum: 1,
        maximum: 200,
        default: 20,
        title: `At most so many pods are captured at once; at most ${MOST_JOINED} join in all`,
      },
      every: {
        ...durationSchema,
        default: "3s",
        title:
          "How often is looked, at most once a second; where the API may be watched, at once when its pods change",
      },
      maxBytes: { ...sizeSchema, default: "64MiB", title: "Of one node, all that joined there together" },
    },
  },
  outputSchema: {
    type: "object",
    properties: {
      joined: { type: "array", items: { type: "string" } },
      leftOut: { type: "array", items: { type: "string" } },
    },
  },
  example: { capture: "captures", pods: "app=web", max: 20 },
  check({ pods }) {
    growing(typeof pods === "string" ? [pods] : pods);
  },
  plan({ pods, max = 20, every = "3s", maxBytes = "64MiB" }) {
    const texts = growing(typeof pods === "string" ? [pods] : pods);
    const limits = `at most ${max} at once and ${MOST_JOINED} in all, ${formatSize(toBytes(maxBytes))} more a node`;
    const note =
      texts.length === 0
        ? "looks for no pods: none but those that were named can come"
        : `looks every ${formatDuration(everyMs(every))} for pods that come and fit ${texts.join(", ")}, and captures them: ${limits}`;
    return Promise.resolve({ commands: [], outputs: NOT_YET, notes: [note] });
  },
  async run(input, context) {
    const { pods, every = "3s" } = input;
    const texts = growing(typeof pods === "string" ? [pods] : pods);
    const watch = new Joiner(input, context);
    if (texts.length > 0 && watch.isPossible()) {
      const held = heldCaptures(input.capture, context);
      const end = AbortSignal.any([context.signal, context.cancelled, held.ending]);
      const changes = new Changes(listsOf(texts, context), context);
      try {
        await changes.begin();
        while (!end.aborted && watch.leftMs > 0) {
          await watch.look(texts, end);
          const everyNowMs = watch.triesAgain ? LOOK_AGAIN_MS : everyMs(every);
          const waitMs = Math.min(everyNowMs, Math.max(1, watch.leftMs));
          await changes.wait(waitMs, end).catch((error: unknown) => {
            if (!end.aborted) throw error;
          });
        }
      } finally {
        await changes.close();
      }
      context.signal.throwIfAborted();
    }
    return { joined: [...watch.joined], leftOut: [...watch.leftOut] };
  },
};

function everyMs(every: string | number): number {
  return Math.max(1000, toMs(every));
}

class Joiner {
  readonly joined = new Set<string>();
  readonly leftOut = new Set<string>();
  readonly #input: Input;
  readonly #context: StepContext;
  /** Of pods that came, by which one they are: how often they were tried, or that they need not be. */
  readonly #tries = new Map<string, number>();
  /** When they were tried last, where that was in vain. */
  readonly #triedAtMs = new Map<string, number>();
  /** Of pods that were seen so far. */
  readonly #names = new Set<string>();
  readonly #untilMs: number;
  /** A pod came that could not be captured yet. */
  triesAgain = false;
  #wasDeaf = false;

  constructor(input: Input, context: StepContext) {
    this.#input = input;
    this.#context = context;
    const { begun } = heldCaptures(input.capture, context);
    this.#untilMs = context.clock.nowMs() + (begun?.maxMs ?? 0);
  }

  /** How long captures still go on at the most. */
  get leftMs(): number {
    return this.#untilMs - this.#context.clock.nowMs();
  }

  isPossible(): boolean {
    const { begun } = heldCaptures(this.#input.capture, this.#context);
    const why =
      this.#context.detach !== undefined
        ? "without the client nobody looks for them"
        : begun === null
          ? "the captures are of flows, not at points"
          : null;
    if (why !== null) this.#context.note("warn", `pods that come meanwhile are not captured: ${why}`);
    return why === null;
  }

  /**
   * A replay goes the same way only where a look has ended before the next one begins: who came between two looks hangs on
   * times that no recording has.
   */
  async look(texts: readonly string[], end: AbortSignal): Promise<void> {
    try {
      const pods = await fittingPods(texts, this.#context);
      this.#wasDeaf = false;
      const came = this.#cameOf(pods);
      const nodes = [...new Set(came.map(({ node }) => node))];
      const join = async (node: string): Promise<void> => {
        const own = came.filter((each) => each.node === node);
        if (!end.aborted) await this.#join(node, own, end);
      };
      await pMap(nodes, join, { concurrency: NODES_AT_ONCE });
      this.triesAgain = pods.some((each) => this.#isLeft(each) && this.#triedAtMs.has(keyOf(each)));
    } catch (error) {
      if (end.aborted) return;
      const known = asHopbookError(error);
      if (known.code === "INTERRUPTED") throw known;
      if (!this.#wasDeaf) this.#context.note("warn", `pods that come are not seen now: ${known.message}`);
      this.#wasDeaf = true;
    }
  }

  /** It is neither captured nor given up. */
  #isLeft(pod: FittingPod): boolean {
    return (this.#tries.get(keyOf(pod)) ?? 0) < TRIES;
  }

  #cameOf(pods: readonly FittingPod[]): readonly FittingPod[] {
    const there = heldCaptures(this.#input.capture, this.#context).departures?.there ?? [];
    const captured = new Set(there.map(({ pod }) => pod));
    const { captured: beside = [] } = this.#input;
    for (const each of pods) {
      const isThere = captured.has(each.pod) || beside.includes(each.pod);
      // Which one of its name was captured from the start is known once it is seen.
      if (isThere && !this.#names.has(each.pod)) this.#tries.set(keyOf(each), TRIES);
      this.#names.add(each.pod);
    }
    const nowMs = this.#context.clock.nowMs();
    const came = pods.filter((each) => {
      const triedAtMs = this.#triedAtMs.get(keyOf(each)) ?? -Infinity;
      return this.#isLeft(each) && nowMs - triedAtMs >= TRY_AGAIN_MS;
    });
    const room = Math.min((this.#input.max ?? 20) - captured.size, MOST_JOINED - this.joined.size);
    return came.slice(0, Math.max(0, room));
  }

  async #join(node: string, pods: readonly FittingPod[], end: AbortSignal): Promise<void> {
    const held = heldCaptures(this.#input.capture, this.#context);
    const at = joiningOf(held, toBytes(this.#input.maxBytes ?? "64MiB"));
    if (at === null) return;
    for (const each of pods) this.#tries.set(keyOf(each), (this.#tries.get(keyOf(each)) ?? 0) + 1);
    const wanted = this.#input.interface ?? "";
    const joining: JoiningPods = { ...at, interface: wanted === "" ? null : wanted };
    try {
      const names = await joinPods(node, pods, { joining, context: this.#context });
      for (const each of pods.filter(({ pod }) => names.includes(pod))) {
        this.#tries.set(keyOf(each), TRIES);
        this.joined.add(each.pod);
      }
    } catch (error) {
      if (end.aborted) return;
      const { code, message } = asHopbookError(error);
      const nowMs = this.#context.clock.nowMs();
      for (const each of pods) {
        this.#triedAtMs.set(keyOf(each), nowMs);
        const isLast = code === "PERMISSION_DENIED" || (this.#tries.get(keyOf(each)) ?? 0) >= TRIES;
        if (!isLast) continue;
        this.#tries.set(keyOf(each), TRIES);
        this.leftOut.add(each.pod);
        await say(
          { kind: "left-out", text: `pod ${each.pod} on ${node} came, and is not captured: ${message}` },
          this.#context,
        );
      }
    }
  }
}

function keyOf({ pod, uid }: FittingPod): string {
  return `${pod} ${uid}`;
}
