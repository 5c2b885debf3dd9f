import type { AgentLine, CaptureEvent, CaptureSession } from "../../capture/index.js";
import { messageOf } from "../../errors.js";
import type { CaptureRecord } from "../../model/evidence.js";
import { targetOf } from "../../model/hops.js";
import type { PointsFile } from "../../model/points.js";
import type { StepContext } from "../../model/steps.js";
import { isPodAway } from "./away.js";
import { addMark } from "./marks.js";

type Point = PointsFile["points"][number];
type Ended = Extract<AgentLine, { type: "ended" }>;

/** The agent's word for a namespace whose name is no more there: its pod has no sandbox any more. */
const NAMESPACE_GONE = /^network namespace is gone/;
/** tcpdump's own, by libpcap's version. A runtime takes the interface away a little before the rest of the pod. */
const INTERFACE_GONE = /The interface disappeared|The interface went down|Network is down|No such device/;
const REST = "its capture has what passed until then";
const ASKS = 5;
const ASK_EVERY_MS = 1000;

interface How {
  /** When that was heard, or by the node's clock was, Unix ms. */
  readonly atMs: number;
  /** Its capture was brought already. */
  readonly isHere: boolean;
}

interface Said {
  readonly kind: "gone" | "lost";
  readonly atMs: number;
  readonly text: string;
  readonly rest: string;
  /** Another one of the same name is said again. */
  readonly which?: string;
}

/**
 * Pods and nodes that go while they are captured at points: said at once. What a pod's capture has is brought here at once
 * too, for its node may be the next to go.
 */
export class Departures {
  #points: readonly Point[];
  readonly #context: StepContext;
  /** By place: whether its pod is gone. */
  readonly #known = new Map<string, Promise<boolean>>();
  readonly #said = new Set<string>();
  readonly #gone = new Set<string>();
  /** Of points that joined, by their ids. */
  readonly #joined = new Map<string, CaptureSession>();
  readonly #lost: Promise<void>[] = [];
  #begin: (session: CaptureSession) => void = () => undefined;
  readonly #session = new Promise<CaptureSession>((resolve) => (this.#begin = resolve));

  constructor(points: readonly Point[], context: StepContext) {
    this.#points = points;
    this.#context = context;
  }

  /** For the captures as they start. */
  get listeners(): {
    readonly onEvent: (event: CaptureEvent) => void;
    readonly onLost: (node: string, why: string) => void;
  } {
    return {
      onEvent: ({ node, line }) => {
        if (line.type !== "ended") return;
        void this.#hear(node, line, { atMs: this.#context.clock.nowMs(), isHere: false });
      },
      onLost: (node, why) => {
        const text = `node ${node} was lost`;
        const rest = `what it captured and was not brought before is lost with it: ${why}`;
        this.#lost.push(this.#sayOnce({ kind: "lost", atMs: this.#context.clock.nowMs(), text, rest }));
      },
    };
  }

  /** They have all started. */
  begin(session: CaptureSession): void {
    this.#begin(session);
  }

  /** Points that are captured since. */
  join(points: readonly Point[], session: CaptureSession): void {
    this.#points = [...this.#points, ...points];
    for (const { id } of points) this.#joined.set(id, session);
  }

  /** All points of pods that were captured and whose pods are not known to be gone. */
  get there(): readonly Point[] {
    return this.#points.filter(
      (point) => point.pod !== null && !this.#gone.has(`${targetOf(point)} ${point.id}`),
    );
  }

  /** All, also of pods that are gone. */
  get points(): readonly Point[] {
    return this.#points;
  }

  /** Waits until what was heard is said, and what it calls for is done. */
  async settle(): Promise<void> {
    await Promise.all([...this.#known.values(), ...this.#lost]);
  }

  /** Those of the captures that ended early because their pod did: they have what passed until then. */
  async amongst(records: readonly CaptureRecord[]): Promise<readonly CaptureRecord[]> {
    const gone = await Promise.all(
      records.map(async (record) => {
        const { node, hopId, endedEarly: why, stoppedAtSec: atSec, pcap } = record;
        if (why === null || pcap === null) return [];
        const target = this.#points.find((point) => point.node === node && point.id === hopId);
        if (target === undefined) return [];
        const line: Ended = { type: "ended", hopId, atSec, why };
        const atMs = atSec === null ? this.#context.clock.nowMs() : atSec * 1000;
        return (await this.#hear(targetOf(target), line, { atMs, isHere: true })) ? [record] : [];
      }),
    );
    return gone.flat();
  }

  #hear(node: string, line: Ended, how: How): Promise<boolean> {
    const key = `${node} ${line.hopId}`;
    const known = this.#known.get(key) ?? this.#judge(node, line, how);
    this.#known.set(key, known);
    return known;
  }

  async #judge(node: string, { hopId, why }: Ended, { atMs, isHere }: How): Promise<boolean> {
    const point = this.#points.find((each) => targetOf(each) === node && each.id === hopId);
    if (point === undefined || point.pod === null) return false;
    const { pod, netns } = point;
    const isGone = NAMESPACE_GONE.test(why) || (INTERFACE_GONE.test(why) && (await this.#isAway(point)));
    if (!isGone) return false;
    this.#gone.add(`${node} ${hopId}`);
    const fetched = isHere ? null : this.#fetch(node, hopId);
    await this.#sayOnce({
      kind: "gone",
      atMs,
      text: `pod ${pod} on ${node} ended`,
      rest: REST,
      which: JSON.stringify(netns),
    });
    await fetched;
    return true;
  }

  async #fetch(node: string, hopId: string): Promise<void> {
    const session = this.#joined.get(hopId) ?? (await this.#session);
    // Its place in the run's folder is looked at again when all are brought.
    const failed = await session
      .pullEarly({ node, hopId }, (rel) => this.#context.sink.path(rel))
      .catch((error: unknown) => messageOf(error));
    if (failed !== null) this.#context.note("warn", `${hopId} is brought at the end: ${failed}`);
  }

  async #sayOnce({ kind, atMs, text, rest, which = "" }: Said): Promise<void> {
    const key = `${text} ${which}`;
    if (this.#said.has(key)) return;
    this.#said.add(key);
    const at = new Date(atMs).toISOString();
    this.#context.note("warn", `${text} at ${at.slice(11, 19)}; ${rest}`);
    await addMark({ kind, at, text: `${text}; ${rest}` }, this.#context).catch((error: unknown) => {
      this.#context.note("warn", `that ${text} could not be written down: ${messageOf(error)}`);
    });
  }

  /** Where nobody can be asked nothing is known of it, which is no. */
  async #isAway(point: Point): Promise<boolean> {
    const { clock, signal } = this.#context;
    try {
      for (let asked = 0; asked < ASKS; asked += 1) {
        if (asked > 0) await clock.sleep(ASK_EVERY_MS, signal);
        if (await isPodAway(point, this.#context)) return true;
      }
    } catch (error) {
      if (!signal.aborted)
        this.#context.note("info", `whether ${point.pod} is gone is not known: ${messageOf(error)}`);
    }
    return false;
  }
}
