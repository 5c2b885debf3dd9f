import type { Argv } from "./access.js";
import type { GuardedAccess } from "./guarded-access.js";
import type { Clock } from "./clock.js";
import type { ClusterProfile } from "./cluster.js";
import type { DetachContext, ReleaseHow } from "./detached.js";
import type { LiveView } from "./live/view.js";
import type { LocalFile } from "./local-file.js";
import type { KubeReader } from "./kube.js";
import type { FlowFinding, HopRef, VerdictStatus } from "./findings.js";
import type { ProbeKind } from "./traffic.js";
import type { PacketRecord, SandboxOptions, SandboxProcess } from "./sandbox.js";

/** A command that a step will run, as `plan` shows it. */
export interface PlannedCommand {
  readonly node: string;
  /** The named action that permissions speak of. */
  readonly action: string;
  readonly argv: Argv;
  /** `change`: a command of the runbook's own that no named action knows to read only. */
  readonly effect: "read" | "capture" | "traffic" | "trace" | "change";
  /** What it makes on the node, and removes again: absolute paths. */
  readonly files?: readonly string[];
  /** Set where it runs only if the evidence calls for it: "only around the break". */
  readonly condition?: string;
}

/** What a step says before it runs. */
export interface StepPlan<O = unknown> {
  readonly commands: readonly PlannedCommand[];
  /** Discovery: the real outputs. Action: those that are known beforehand, so that later steps can be planned. */
  readonly outputs: O;
  /** For people: limits, sizes, what is left out. */
  readonly notes: readonly string[];
  /** What was found on the way, for the step's own run. */
  readonly kept?: unknown;
  /** What goes on without the client once it leaves, where it does. */
  readonly left?: readonly LeftPlace[];
}

/** Where a node keeps what goes on without the client. */
export interface LeftPlace {
  readonly node: string;
  readonly stateDir: string;
}

/** Where a step leaves evidence: paths are relative to the run's folder. */
export interface EvidenceSink {
  readonly dir: string;
  /** For a file that another writes; its folder is made. Throws ARTIFACTS_UNWRITABLE where it would lie elsewhere. */
  path(rel: string): LocalFile;
  writeJson(path: string, value: unknown): Promise<void>;
  /** Adds records to the list `key` of a JSON file, after those that are there; what is added side by side is all kept. */
  appendJson(
    path: string,
    added: { readonly key: string; readonly records: readonly unknown[] },
  ): Promise<void>;
  /** Takes a folder of the run for one writer; what it gives lets go of it. null: it is taken. */
  claim(folder: string): (() => void) | null;
  writeText(
    path: string,
    text: string | Buffer,
    source?: { node: string; argv: Argv; exitCode: number | null },
  ): Promise<void>;
  registerFile(
    path: string,
    meta: {
      node?: string;
      argv?: readonly string[];
      exitCode?: number | null;
      truncated?: boolean;
      sha256?: string;
      sizeBytes?: number;
    },
  ): void;
}

export interface BreakLocation {
  readonly flowId: string;
  readonly status: VerdictStatus;
  readonly direction: "request" | "reply" | null;
  readonly lastSeen: HopRef | null;
  readonly firstMissing: HopRef | null;
}

/**
 * Progress of a run, for whoever shows it. `combination` names one of a matrix, such as `pod=shop/web`; the step
 * as a whole starts before its first and ends after its last one, without it.
 */
export type RunEvent =
  | { readonly type: "phase"; readonly phase: "connect" | "plan" | "run" | "cleanup" | "analyze" }
  | {
      readonly type: "stepStarted";
      readonly step: string;
      readonly kind: string;
      readonly title: string;
      readonly combination?: string;
    }
  | {
      readonly type: "stepEnded";
      readonly step: string;
      readonly kind: string;
      readonly combination?: string;
      readonly status: "done" | "failed" | "skipped";
      readonly durationMs: number;
      readonly message: string | null;
    }
  | {
      readonly type: "note";
      readonly step: string | null;
      readonly combination?: string;
      readonly level: "info" | "warn";
      readonly text: string;
    };

/** What is asked for beyond single commands: how much is captured, which traffic is made. */
export type LimitRequest =
  | {
      readonly kind: "capture";
      readonly node: string;
      readonly durationMs: number;
      readonly bytes: number;
      readonly payload: "headers" | "full";
      readonly filter: string;
    }
  | { readonly kind: "traffic"; readonly node: string; readonly probe: string }
  /** Of this machine, on behalf of a script; paths are absolute. */
  | { readonly kind: "read" | "write"; readonly path: string }
  | { readonly kind: "net"; readonly host: string; readonly port: number }
  | { readonly kind: "env"; readonly name: string }
  /** To the Kubernetes API; a resource in the plural with its subresource, `pods/exec`; namespace null: of the whole cluster. */
  | {
      readonly kind: "kube";
      readonly verb: string;
      readonly resource: string;
      readonly namespace: string | null;
    };

/** What a step kind works with. Access is guarded by the permissions and recorded; there is no other way. */
export interface StepContext {
  readonly runId: string;
  /** Names what this step leaves: its id, with the number of its combination. Unique in the run, safe in a path. */
  readonly evidenceName: string;
  readonly profile: ClusterProfile;
  /** Nodes that could be reached, by name. */
  readonly accesses: ReadonlyMap<string, GuardedAccess>;
  /** Why the others could not, by name. */
  readonly unreachable: ReadonlyMap<string, Error>;
  /** The cluster's API, to read from; absent where the nodes alone say what there is. */
  readonly kube?: KubeReader;
  readonly signal: AbortSignal;
  /** Aborted by a `cancel` step: end early, in good order, and keep what there is. `signal` is the harder word. */
  readonly cancelled: AbortSignal;
  readonly sink: EvidenceSink;
  /** The only way to wait: a replay does not. */
  readonly clock: Clock;
  /** Folder of hop recipes that come with hopbook or the cluster. */
  readonly recipeDirs: readonly string[];
  note(level: "info" | "warn", text: string): void;
  /** In the background: what the next step relies on is there. See `StepKind.announcesReady`. */
  ready(): void;
  /** Throws PERMISSION_DENIED where this was not declared and granted; the answer goes into the transcript. */
  demand(request: LimitRequest): void;
  /**
   * The action under which a command of the runbook's own would run: a named one that the runbook declares and
   * whose rules it fits, else `node/mutate`, or `node/shell` for a shell or an interpreter. It grants nothing:
   * `exec` with that action is checked like any other.
   */
  actionOf(argv: Argv): string;
  /** Evidence is partial, for this reason; the run goes on. */
  markIncomplete(reason: string): void;
  /** Where the evidence so far says that the flows break. Given by the composition, so that steps see no analysis. */
  locateBreaks(): Promise<readonly BreakLocation[]>;
  /** The flows as the findings will tell them, but for causes; of the evidence so far, and given like `locateBreaks`. */
  followFlows(): Promise<readonly FlowFinding[]>;
  /** What expressions see at this moment: for scripts. */
  scope(): {
    readonly inputs: Readonly<Record<string, unknown>>;
    readonly steps: Readonly<Record<string, { readonly outputs: unknown }>>;
  };
  /** Runs a step kind, as a step of the runbook would: for scripts. Its plan and its run, in one go. */
  invoke(uses: string, input: Record<string, unknown>): Promise<unknown>;
  /** Starts a script in its sandbox. Given by the composition, so that steps start no process themselves. */
  startSandbox(options: SandboxOptions): Promise<SandboxProcess>;
  /** The packets of a capture of this run, by its path in the run's folder, dissected. */
  readPackets(path: string): AsyncIterable<PacketRecord>;
  /**
   * Keeps something alive between steps. Its `release` runs on every exit path, last one first, after the
   * runbook's `finally` steps: `interrupted` says that the person wants out, so be brief.
   */
  hold(key: string, value: unknown, release: (how: ReleaseHow) => Promise<void>): void;
  held(key: string): unknown;
  /** Set where the captures of the run go on without its client. */
  readonly detach?: DetachContext;
  /** Set where somebody watches the captures while they go on. */
  readonly live?: LiveView;
}

/** What steps hand to each other and only they make. */
type EngineObject = "path" | "flow" | "node's tools";

/** A kind of step: one file each, registered by name. */
export interface StepKind<I = Record<string, unknown>, O = unknown> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /**
   * discovery: reads only, and runs while the plan is made, since later commands depend on what it finds.
   * action: runs only after the plan was shown and agreed to.
   */
  readonly phase: "discovery" | "action";
  /** Named actions it may use; the runbook has to declare them. Empty where its commands decide (command/run). */
  readonly actions: readonly string[];
  /** Of an action: named actions with which its `plan` already reads from nodes, where the runbook declares them. */
  readonly planActions?: readonly string[];
  /** false: its plan cannot say which commands it runs, and permissions alone bound it. Default true. */
  readonly plansCommands?: boolean;
  /**
   * In a run whose captures go on without its client: it is left `before` such a step, which runs when the run is
   * collected; a step that captures runs `twice`, first to start them, then to take them up again.
   */
  readonly detach?: "before" | "twice";
  /**
   * How long it lets time go by, of what is known of its `with` before a run; null: not known. A run that goes on without
   * its client captures as long as its runbook waits.
   */
  waitMs?(known: Readonly<Record<string, unknown>>): number | null;
  /**
   * Probes that its flows may be sent, of what is known of its `with` and of the destinations' ports before a run: they are
   * asked for, and no others. unknown: any that the runbook declares.
   */
  makesTraffic?(
    known: {
      readonly values: Readonly<Record<string, unknown>>;
      readonly lists: Readonly<Record<string, readonly string[]>>;
      readonly given: readonly string[];
    },
    ports: readonly (number | null)[] | null,
  ): readonly ProbeKind[] | "unknown";
  /** How long its own work takes at least, of what is known of its `with` before a run; null: not known. */
  lastsMs?(known: Readonly<Record<string, unknown>>): number | null;
  /** In the background the next step begins only when this one has called `ready()`, or has ended. */
  readonly announcesReady?: boolean;
  /**
   * Inputs that are the engine's own objects, and what each of a list or mapping is: only what a step of the same run gave
   * is taken, so that no file and no script makes one up.
   */
  readonly takes?: Readonly<Record<string, EngineObject>>;
  /** Outputs that are such objects. */
  readonly gives?: Readonly<Record<string, EngineObject>>;
  /** JSON Schemas, 2020-12. */
  readonly inputSchema: Record<string, unknown>;
  readonly outputSchema: Record<string, unknown>;
  /** A `with` that is valid, for the reference; runs as a test. */
  readonly example: Record<string, unknown>;
  /** Looks at an input before any node is logged in to, where it is known by then; throws what is wrong with it. */
  check?(input: I): void;
  plan(input: I, context: StepContext): Promise<StepPlan<O>>;
  /** Only for actions. Gets what `plan` said. */
  run?(input: I, context: StepContext, plan: StepPlan<O>): Promise<O>;
}
