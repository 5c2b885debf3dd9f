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
import { Schedule, type Moment } from "./schedule.js";

/** Streams are read at once, since their lines have their places in the order. */
const MAX_STREAM_BYTES = 256 * 1024 * 1024;

interface LimitName {
  readonly step: string;
  readonly nth: number;
  readonly nthOfRun: number;
}

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
  readonly #sleeps = new Map<string, SleepEntry[]>();
  readonly #times = new Map<string, NowEntry[]>();
  readonly #limits = new Map<string, LimitEntry>();
  readonly #ends = new Map<Timed, Moment>();
  readonly #recordedTimes = new Map<string, number>();
  readonly #steps = new Map<string, StepEntry[]>();
  /** Where the run did each of these itself. */
  readonly #acts = new Map<RecordingEntry, Moment>();
  #interrupt: Moment | null = null;

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
    return this.#meet(this.#execs.get(key)?.shift());
  }

  takeKube(key: string): KubeEntry | undefined {
    return this.#meet(this.#kube.get(key)?.shift());
  }

  takePull(key: string): PullEntry | undefined {
    return this.#meet(this.#pulls.get(key)?.shift());
  }

  takeStream(key: string): StreamScript | undefined {
    const script = this.#streams.get(key)?.shift();
    this.#meet(script?.entry);
    return script;
  }

  takeSleep(ms: number, step: string): SleepEntry | undefined {
    return this.#meet((this.#sleeps.get(`${ms} ${step}`) ?? this.#sleeps.get(`${ms} `))?.shift());
  }

  /** What the time was when the step looked at it next; the last such time where it did not look so often. */
  takeNowMs(step: string): number {
    const times = this.#times.get(step) ?? [];
    const next = times.length > 1 ? times.shift() : times[0];
    return this.#meet(next)?.ms ?? this.startedAtMs;
  }

  /** `nth` of the step's, or of the run's, by what the recording counts. */
  limitOf(ms: number, { step, nth, nthOfRun }: LimitName): LimitEntry | undefined {
    return this.#limits.get(`${ms} ${nth} ${step}`) ?? this.#limits.get(`${ms} ${nthOfRun} of the run`);
  }

  /** Where it was answered, or was over. */
  endOf(entry: Timed): Moment {
    const end = this.#ends.get(entry);
    if (end === undefined) throw new HopbookError("INTERNAL", "A recorded answer has no place in the order");
    return end;
  }

  /** How often a call was recorded at all. */
  recordedTimes(key: string): number {
    return this.#recordedTimes.get(key) ?? 0;
  }

  observe(event: RunEvent): void {
    if (event.type !== "stepStarted" && event.type !== "stepEnded") return;
    const what = event.type === "stepStarted" ? "started" : "ended";
    this.#meet(this.#steps.get(`${what} ${event.step}`)?.shift());
  }

  onInterrupt(interrupt: () => void): void {
    if (this.#interrupt === null) return;
    this.schedule.arm(this.#interrupt, {
      ...{ mayCome: () => true, mayBeForced: () => true, isAbrupt: true },
      deliver: interrupt,
    });
  }

  /** The run does again what is written there. */
  #meet<T extends RecordingEntry>(entry: T | undefined): T | undefined {
    const act = entry === undefined ? undefined : this.#acts.get(entry);
    if (act !== undefined) this.schedule.meet(act);
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
        push(this.#sleeps, `${entry.ms} ${entry.step ?? ""}`, entry);
        this.#addTimed(entry);
        break;
      case "now":
        push(this.#times, entry.step, entry);
        this.#addAct(entry);
        break;
      case "limit":
        this.#limits.set(`${entry.ms} ${entry.nth} ${entry.step ?? "of the run"}`, entry);
        this.#ends.set(entry, this.schedule.add(entry.end));
        break;
      case "step":
        push(this.#steps, `${entry.what} ${entry.step}`, entry);
        this.#addAct(entry);
        break;
      case "login":
        this.logins.set(entry.node, entry);
        break;
      case "denial":
        this.denials.set(JSON.stringify(entry.request), entry);
        break;
      case "interrupt":
        this.#interrupt ??= this.schedule.add(entry.seq);
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
    this.#addAct(entry);
    this.#ends.set(entry, this.schedule.add(entry.end));
  }

  #addAct(entry: RecordingEntry): void {
    this.#acts.set(entry, this.schedule.add(startOf(entry)));
  }

  async #addStream(entry: StreamEntry): Promise<void> {
    const key = this.#name({ kind: "stream", ...entry });
    const turns = await readTurns(this.dir, entry.turns);
    const stderr = (await readBlob(this.dir, entry.stderr)).toString("utf8");
    push(this.#streams, key, scriptStream(entry, { turns, stderr, schedule: this.schedule }));
    this.#addAct(entry);
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
