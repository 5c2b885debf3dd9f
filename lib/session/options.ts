import type { Via } from "../model/access.js";
import type { Findings } from "../model/findings.js";
import type { LiveView } from "../model/live/view.js";
import type { OpenKube } from "../model/kube.js";
import type { RunEvent } from "../model/steps.js";
import type { RunOutcome } from "../engine/engine.js";
import type { ExitCode } from "../errors.js";
import type { Confirm, GrantFlags } from "../authority/authority.js";

/** A cluster by its API, in kubectl's words. */
export interface KubeChoice {
  readonly context?: string | undefined;
  /** A file. */
  readonly kubeconfig?: string | undefined;
  /** Of what is named without one. */
  readonly namespace?: string | undefined;
  /** The same where `namespace` is not given, in place of the context's own. */
  readonly contextNamespace?: string | undefined;
  /** In place of the profile's `images.tools`. */
  readonly image?: string | undefined;
  /** In place of `access.via`, for every node. */
  readonly via?: Via | "auto" | undefined;
  /** In place of `access.keepWarm`: debug pods stay this long after their use. */
  readonly keepWarmMs?: number | undefined;
}

export interface SharedOptions {
  /** Cluster profile: a file or a name; undefined: `kube`, else ./hopbook.yaml, else the kubeconfig's current context. */
  readonly cluster?: string | undefined;
  readonly kube?: KubeChoice | undefined;
  /** Opens the cluster's API. Default: by a client of its own; the sessions of one command share one. */
  readonly openKube?: OpenKube | undefined;
  /** Who runs it named the cluster, so that its grants hold. Default: whether there is one. */
  readonly isClusterNamed?: boolean;
  readonly cwd: string;
  readonly grants: GrantFlags;
  /** Asks the person for all that is not granted yet; undefined: nobody can be asked. */
  readonly confirm?: Confirm | undefined;
  readonly signal: AbortSignal;
  readonly onEvent: (event: RunEvent) => void;
  /** Told which pods (`namespace/pod`) a node has, where they are listed anyway. */
  readonly onPods?: ((seen: NodePods) => void) | undefined;
  /**
   * What is made in the cluster for the run ends by itself after this, whatever becomes of the client. Default: 30 min
   * and what the runbook's captures may take.
   */
  readonly leaseMs?: number | undefined;
  /** The words of the command line, hopbook's own name first, for the report; absent where a program runs it. */
  readonly command?: readonly string[] | undefined;
}

export interface NodePods {
  readonly cluster: string;
  readonly node: string;
  readonly pods: readonly string[];
}

/** By the runbook's own input names: text as on a command line, lists of it, or true and false. */
export type RawInputs = Readonly<Record<string, string | readonly string[] | boolean>>;

export interface PlanOptions extends SharedOptions {
  /** Name or file. */
  readonly runbook: string;
  readonly inputs: RawInputs;
  /** The run that is planned: 12 hex digits. Default: a new one. */
  readonly runId?: string;
}

export interface RunOptions extends PlanOptions {
  /** Folder that run folders are made in. */
  readonly out: string;
  /** Keep what came back from the nodes, so that the run can be replayed. Default true. */
  readonly record?: boolean;
  /** Somebody who watches its captures while they go on. */
  readonly live?: LiveView | undefined;
}

export interface RunReport {
  readonly dir: string;
  readonly findings: Findings;
  readonly outcome: RunOutcome;
  readonly exitCode: ExitCode;
}
