/**
 * `hopbook/script`: what a script of a runbook, or a runbook in TypeScript, is written with. The functions here give
 * back what they are given: they are there for their types.
 */
import type { CaptureRecord } from "../../model/evidence.js";
import type { PermissionsSpec } from "../../model/permissions.js";
import type { PacketRecord } from "../../model/sandbox.js";

export type { PacketRecord } from "../../model/sandbox.js";

/** What can pass to the engine and back. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** One interpolation is one word of a command; a list is as many words as it has items. */
export type Word = string | number | readonly (string | number)[];

export interface CommandResult {
  readonly node: string;
  readonly argv: readonly string[];
  /** null where a signal or a time limit ended the command. */
  readonly exitCode: number | null;
  /** UTF-8, at most 4 MiB. */
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
  /** stdout as JSON. Throws where it is none. */
  json<T = unknown>(): T;
}

/** Rejects with a CommandError where the exit code is not 0, unless `nothrow()` was called. */
export interface CommandPromise extends Promise<CommandResult> {
  nothrow(): CommandPromise;
}

/**
 * Runs a command: `` node.$`ip -j route get ${ip}` ``. There is no shell: words are parted by white space, an
 * interpolation is exactly one word (part of one beside text), and quotes, pipes and the like are refused.
 */
export type CommandTag = (pieces: TemplateStringsArray, ...values: readonly Word[]) => CommandPromise;

export interface NodeHandle {
  readonly name: string;
  readonly $: CommandTag;
}

export interface PodHandle {
  /** `namespace/name` */
  readonly name: string;
  readonly node: string;
  readonly ips: readonly string[];
  /** In the pod's network namespace, with the node's programs. */
  readonly $: CommandTag;
}

export interface CaptureHandle extends Pick<
  CaptureRecord,
  "hopId" | "node" | "interface" | "filter" | "sizeBytes" | "captured" | "droppedByKernel" | "endedEarly"
> {
  /** Relative to the run's folder. */
  readonly pcap: string;
  /** In the order of the file; a filter runs here, on each packet. */
  packets(options?: { readonly filter?: (packet: PacketRecord) => boolean }): AsyncIterable<PacketRecord>;
}

export interface Fetched {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** At most 4 MiB. */
  readonly text: string;
}

/** The engine, as a script sees it. Whatever is called here passes the runbook's permissions. */
export interface Hopbook<Inputs = Readonly<Record<string, unknown>>> {
  readonly inputs: Inputs;
  /** The step's `env`. */
  readonly env: Readonly<Record<string, string>>;
  /** Outputs of the steps so far, by id. */
  readonly steps: Readonly<Record<string, { readonly outputs: unknown }>>;
  readonly cluster: { readonly name: string };
  readonly runId: string;
  /** Those that could be reached. */
  readonly nodes: readonly NodeHandle[];
  /** Throws where there is none of that name, or it could not be reached. */
  node(name: string): NodeHandle;
  readonly pods: { get(name: string): Promise<PodHandle> };
  /** Captures that were stopped and brought here, so after capture/stop. */
  readonly captures: { list(): Promise<readonly CaptureHandle[]> };
  /** Files of this step: `evidence/script/STEP/NAME` in the run's folder. */
  readonly artifacts: {
    /** Gives the path, relative to the run's folder. */
    writeText(name: string, text: string): Promise<string>;
    writeJson(name: string, value: unknown): Promise<string>;
    /** What this step wrote. */
    read(name: string): Promise<string>;
  };
  /** Shown as a note of the step; `console` does the same. */
  log(text: string): void;
  warn(text: string): void;
  /** Runs a step kind, as a step of the runbook would, and gives its outputs. */
  run<Outputs = unknown>(uses: string, input?: Readonly<Record<string, unknown>>): Promise<Outputs>;
  /** A text file of this machine: `permissions.read`. */
  readFile(path: string): Promise<string>;
  /** `permissions.write`. */
  writeFile(path: string, text: string): Promise<void>;
  /** http or https: `permissions.net`. A redirect is an answer, and is not followed. */
  fetch(
    url: string,
    options?: {
      readonly method?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    },
  ): Promise<Fetched>;
  /** A variable of hopbook's environment, null where it is not set: `permissions.env`. */
  readEnv(name: string): Promise<string | null>;
  sleep(ms: number): Promise<void>;
}

/** What a script's default export is: what it returns are the step's outputs, and has to be JSON of at most 4 MiB. */
export type Script<Inputs = Readonly<Record<string, unknown>>> = (hb: Hopbook<Inputs>) => unknown;

/** An input as a runbook declares it; `default` is written as in YAML: `10s` for a duration. */
export interface InputManifest {
  readonly type: "string" | "integer" | "number" | "boolean" | "duration" | "size" | "array";
  readonly items?: { readonly type: "string" | "integer" | "number" | "duration" | "size" };
  readonly required?: boolean;
  readonly default?: Json;
  readonly enum?: readonly Json[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly description?: string;
  readonly secret?: boolean;
}

export interface CheckManifest {
  readonly id: string;
  readonly title?: string;
  readonly outcomes: readonly Readonly<
    Partial<
      Record<
        "pass" | "warn" | "fail",
        { readonly if?: string; readonly message: string; readonly uri?: string }
      >
    >
  >[];
}

/** What a runbook in TypeScript says of itself, as a YAML one does. */
export interface RunbookManifest {
  readonly metadata: {
    readonly name: string;
    readonly title: string;
    readonly description?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly inputs?: Readonly<Record<string, InputManifest>>;
  readonly permissions?: PermissionsSpec;
  readonly checks?: readonly CheckManifest[];
  /** Of the function. Default 60s. */
  readonly timeout?: string;
}

/** `export const runbook = defineRunbook({…})` makes a file a runbook; its default export is what it does. */
export function defineRunbook<const M extends RunbookManifest>(manifest: M): M {
  return manifest;
}

/** `export default defineScript(async (hb) => {…})`, where `hb` shall have its type. */
export function defineScript<Inputs = Readonly<Record<string, unknown>>>(
  script: Script<Inputs>,
): Script<Inputs> {
  return script;
}
