import type { Argv, NodeAccessConfig } from "../model/access.js";
import type { AccessChoice } from "../model/cluster.js";
import type { KubeNode } from "../model/kube.js";

/**
 * What a run's recording holds: recording/index.jsonl, one JSON object a line, and recording/blobs/SHA256 for what is
 * too long for a line. Every call has the numbers of its start and its end: one count for the whole run, so that a
 * replay can give each answer at the point of the run where it came.
 */
export const RECORDING_DIR = "recording";
export const INDEX_FILE = `${RECORDING_DIR}/index.jsonl`;

/** The first line. */
export interface RecordingHeader {
  readonly type: "recording";
  readonly version: 1;
  readonly run: { readonly id: string; readonly runbook: string; readonly startedAt: string };
  readonly cluster: RecordedCluster;
}

/** The profile, without how to log in. */
export interface RecordedCluster {
  readonly name: string;
  readonly cni: string;
  readonly interfaces: { readonly underlay?: string };
  readonly workDir: string;
  readonly runtimeEndpoint?: string;
  readonly nodes: readonly {
    readonly name: string;
    readonly address?: string;
    readonly via: NodeAccessConfig["via"];
    /** `namespace/name`, where the way in leads into that pod alone. */
    readonly pod?: string;
    /** What the API said of it. */
    readonly kube?: KubeNode;
  }[];
  /** Set where the cluster's API was read. */
  readonly kube?: { readonly context: string; readonly namespace: string };
  /** Of ends that name none. */
  readonly endNamespace?: string;
  readonly choices?: readonly AccessChoice[];
}

/** Bytes: in the line itself, in a blob of that digest, or left out since they were too many. */
export type BlobRef =
  { readonly text: string } | { readonly sha256: string; readonly bytes: number } | { readonly cut: number };

/** An error as it was thrown: one of ours (with its code) or another. */
export interface ErrorRecord {
  readonly code: string | null;
  readonly name: string;
  readonly message: string;
  readonly hint?: string;
  readonly detail?: string;
}

/** A call to a node: it was asked at `start` and answered at `end`. */
export interface Call {
  readonly start: number;
  readonly end: number;
  readonly node: string;
  readonly action: string;
  readonly startedAt: string;
  readonly durationMs: number;
  /** What was thrown in place of an answer. */
  readonly error: ErrorRecord | null;
}

export interface ExecEntry extends Call {
  readonly type: "exec";
  readonly argv: Argv;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
  readonly canceled: boolean;
  readonly truncated: boolean;
  readonly stdout: BlobRef;
  readonly stderr: BlobRef;
}

export interface PullEntry extends Call {
  readonly type: "pull";
  readonly path: string;
  /** Where it is in the run folder; null where it was brought elsewhere or is not there. */
  readonly file: string | null;
  readonly bytes: number;
  readonly sha256: string | null;
}

export interface StreamEntry extends Call {
  readonly type: "stream";
  readonly argv: Argv;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly transportLost: boolean;
  /** It ended because it was killed or aborted, not by itself. */
  readonly killed: boolean;
  readonly stderr: BlobRef;
  /** JSON lines: StreamTurn. */
  readonly turns: BlobRef;
}

/** What went over a stream, in order. `atMs` is since its start. */
export type StreamTurn =
  | { readonly seq: number; readonly atMs: number; readonly out: readonly string[] }
  | { readonly seq: number; readonly atMs: number; readonly in: string }
  | { readonly seq: number; readonly atMs: number; readonly closed: true };

/** What the cluster's API was asked: `node` is empty. A list is one entry, however many pages it had. */
export interface KubeEntry extends Call {
  readonly type: "kube";
  /** The request in words: verb, resource, place and name, query. */
  readonly argv: Argv;
  /** JSON. */
  readonly answer: BlobRef;
}

export interface LoginEntry {
  readonly type: "login";
  readonly node: string;
  readonly error: ErrorRecord | null;
}

/** A wait; `aborted`: it was cut short. */
export interface SleepEntry {
  readonly type: "sleep";
  /** Who waited, where a step did. Recordings of before do not say it. */
  readonly step?: string;
  readonly start: number;
  readonly end: number;
  readonly ms: number;
  readonly aborted: boolean;
}

/** The time was looked at: what a run writes down of it, or decides by it, is the same again. */
export interface NowEntry {
  readonly type: "now";
  readonly seq: number;
  /** Who looked; empty where that is not known. */
  readonly step: string;
  /** Unix time. */
  readonly ms: number;
}

/** A time limit that ran out. */
export interface LimitEntry {
  readonly type: "limit";
  readonly start: number;
  readonly end: number;
  readonly ms: number;
  /** Whose it was. Recordings of before do not say it. */
  readonly step?: string;
  /** Which of the limits of this length that this step had, from 0; where no step is said, of the run's. */
  readonly nth: number;
}

/** A step began or ended: where an interruption fell is told by these. */
export interface StepEntry {
  readonly type: "step";
  readonly seq: number;
  readonly step: string;
  readonly what: "started" | "ended";
}

/** The person wanted out. */
interface InterruptEntry {
  readonly type: "interrupt";
  readonly seq: number;
}

/** A limit that was asked for and refused. */
export interface DenialEntry {
  readonly type: "denial";
  readonly seq: number;
  readonly request: Readonly<Record<string, unknown>>;
  readonly error: ErrorRecord;
}

/** The last line. */
interface EndEntry {
  readonly type: "end";
  readonly seq: number;
  /** Why the recording is not whole; null where it is. */
  readonly incomplete: string | null;
}

export type RecordingEntry =
  | ExecEntry
  | PullEntry
  | StreamEntry
  | KubeEntry
  | LoginEntry
  | SleepEntry
  | NowEntry
  | LimitEntry
  | StepEntry
  | InterruptEntry
  | DenialEntry
  | EndEntry;

/** What hopbook's agents hear as a sign of life: it comes by the clock, so it says nothing of the order. */
export const BEAT = "beat\n";
