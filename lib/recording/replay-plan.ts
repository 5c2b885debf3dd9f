import { HopbookError } from "../errors.js";
import type { RunEvent } from "../model/steps.js";
import type {
  DenialEntry,
  ExecEntry,
  KubeEntry,
  LimitEntry,
  LoginEntry,
  NowEntry,
  PullEntry,
  RecordingEntry,
  RecordingHeader,
  SleepEntry,
  StepEntry,
  StreamEntry,
} from "./format.js";
import { argvOfPull, keyOf, type CallName } from "./match.js";
import { loadRecording, readBlob, readTurns, type LoadedRecording } from "./read.js";
import { scriptStream, type StreamScript } from "./replay-stream.js";
import { Schedule, type Delivery } from "./schedule.js";

/** Streams are read at once, since their lines have their places in the order. */
const MAX_STREAM_BYTES = 256 * 1024 * 1024;

type Timed = ExecEntry | PullEntry | KubeEntry | SleepEntry | LimitEntry;

/** A recording, sorted by what is asked for. Each answer is taken once. */
export class ReplayPlan {
  readonly dir: string;
  readonly header: RecordingHeader;
  readonly incomplete: string | null;
  readonly schedule = new Schedule();
  readonly logins = new Map<string, LoginEntry>();
  readonly denials = new Map<string, DenialEntry>();
  readonly calls: CallName[] = [];
  readonly #execs = new Map<string, ExecEntry[]>();
  readonly #pulls = new Map<string, PullEntry[]>();
  readonly #kube = new Map<string, KubeEntry[]>();
  readonly #streams = new Map<string, StreamScript[]>();
  readonly #sleeps = new Map<number, SleepEntry[]>();
  readonly #times = new Map<string, NowEntry[]>();
  readonly #limits = new Map<string, LimitEntry>();
  readonly #deliveries = new Map<Timed, Delivery>();
  readonly #recordedTimes = new Map<string, number>();
  readonly #steps = new Map<string, StepEntry[]>();
  /** Where each of these begins or happened, for what an interruption came after. */
  readonly #unseen = new Set<RecordingEntry>();
  #interrupt: { readonly seq: number; readonly delivery: Delivery } | null = null;

  private constructor(recording: LoadedRecording) {
    this.dir = recording.dir;
    this.header = recording.header;
    this.incomplete = recording.incomplete;
  }

  get startedAtMs(): number {
    return Date.parse(this.header.run.startedAt);
  }

  /** Reads a run folder's recording. Throws EVIDENCE_INVALID, RECORDING_MISSING. */
  static async load(dir: string): Promise<ReplayPlan> {
    const recording = await loadRecording(dir);
    const plan = new ReplayPlan(recording);
    let streamBytes = 0;
    const inOrder = [...recording.entries].sort((a, b) => startOf(a) - startOf(b));
    for (const entry of inOrder) {
      if (entry.type === "stream") {
        if ("bytes" in entry.turns) streamBytes += entry.turns.bytes;
        if (streamBytes > MAX_STREAM_BYTES) {
          throw new HopbookError(
            "EVIDENCE_INVALID",
            `Cannot replay ${dir}: its streams have over ${MAX_STREAM_BYTES} bytes`,
          );
        }
        await plan.#addStream(entry);
      } else plan.#add(entry);
    }
    return plan;
  }

  takeExec(key: string): ExecEntry | undefined {
    return this.#saw(this.#execs.get(key)?.shift());
  }

  takeKube(key: string): KubeEntry | undefined {
    return this.#saw(this.#kube.get(key)?.shift());
  }

  takePull(key: string): PullEntry | undefined {
    return this.#saw(this.#pulls.get(key)?.shift());
  }

  takeStream(key: string): StreamScript | undefined {
    const script = this.#streams.get(key)?.shift();
    this.#saw(script?.entry);
    return script;
  }

  takeSleep(ms: number): SleepEntry | undefined {
    return this.#saw(this.#sleeps.get(ms)?.shift());
  }

  /** What the time was when the step looked at it next; the last such time where it did not look so often. */
  takeNowMs(step: string): number {
    const times = this.#times.get(step) ?? [];
    const next = times.length > 1 ? times.shift() : times[0];
    return next?.ms ?? this.startedAtMs;
  }

  limitOf(ms: number, nth: number): LimitEntry | undefined {
    return this.#limits.get(`${ms} ${nth}`);
  }

  deliveryOf(entry: Timed): Delivery {
    const delivery = this.#deliveries.get(entry);
    if (delivery === undefined)
      throw new HopbookError("INTERNAL", "A recorded answer has no place in the order");
    return delivery;
  }

  /** How often a call was recorded at all. */
  recordedTimes(key: string): number {
    return this.#recordedTimes.get(key) ?? 0;
  }

  observe(event: RunEvent): void {
    if (event.type !== "stepStarted" && event.type !== "stepEnded") return;
    const what = event.type === "stepStarted" ? "started" : "ended";
    this.#saw(this.#steps.get(`${what} ${event.step}`)?.shift());
    this.schedule.stir();
  }

  onInterrupt(interrupt: () => void): void {
    if (this.#interrupt === null) return;
    const { seq, delivery } = this.#interrupt;
    const before = [...this.#unseen].filter((entry) => startOf(entry) < seq);
    this.schedule.arm(delivery, {
      mayCome: () => before.every((entry) => !this.#unseen.has(entry)),
      mayBeForced: () => true,
      deliver: interrupt,
    });
  }

  #saw<T extends RecordingEntry>(entry: T | undefined): T | undefined {
    if (entry !== undefined) this.#unseen.delete(entry);
    return entry;
  }

  #add(entry: Exclude<RecordingEntry, StreamEntry>): void {
    switch (entry.type) {
      case "exec":
        this.#addCall({ kind: "exec", ...entry }, { entry, to: this.#execs });
        break;
      case "pull":
        this.#addCall({ kind: "pull", ...entry, argv: argvOfPull(entry.path) }, { entry, to: this.#pulls });
        break;
      case "kube":
        this.#addCall({ kind: "kube", ...entry }, { entry, to: this.#kube });
        break;
      case "sleep":
        push(this.#sleeps, entry.ms, entry);
        this.#addTimed(entry);
        break;
      case "now":
        push(this.#times, entry.step, entry);
        break;
      case "limit":
        this.#limits.set(`${entry.ms} ${entry.nth}`, entry);
        this.#deliveries.set(entry, this.schedule.add(entry.end));
        break;
      case "step":
        push(this.#steps, `${entry.what} ${entry.step}`, entry);
        this.#unseen.add(entry);
        break;
      case "login":
        this.logins.set(entry.node, entry);
        break;
      case "denial":
        this.denials.set(JSON.stringify(entry.request), entry);
        break;
      case "interrupt":
        this.#interrupt ??= { seq: entry.seq, delivery: this.schedule.add(entry.seq) };
        break;
      case "end":
        break;
    }
  }

  #addCall<T extends ExecEntry | PullEntry | KubeEntry>(
    call: CallName,
    { entry, to }: { entry: T; to: Map<string, T[]> },
  ): void {
    push(to, this.#name(call), entry);
    this.#addTimed(entry);
  }

  #addTimed(entry: ExecEntry | PullEntry | KubeEntry | SleepEntry): void {
    this.#deliveries.set(entry, this.schedule.add(entry.end));
    this.#unseen.add(entry);
  }

  async #addStream(entry: StreamEntry): Promise<void> {
    const key = this.#name({ kind: "stream", ...entry });
    const turns = await readTurns(this.dir, entry.turns);
    const stderr = (await readBlob(this.dir, entry.stderr)).toString("utf8");
    push(this.#streams, key, scriptStream(entry, { turns, stderr, schedule: this.schedule }));
    this.#unseen.add(entry);
  }

  #name({ kind, node, action, argv }: CallName): string {
    const call = { kind, node, action, argv };
    const key = keyOf(call);
    this.#recordedTimes.set(key, this.recordedTimes(key) + 1);
    this.calls.push(call);
    return key;
  }
}

function startOf(entry: RecordingEntry): number {
  if ("start" in entry) return entry.start;
  return "seq" in entry ? entry.seq : 0;
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
