import type { KubeNode, KubeRef } from "./kube.js";

/** A command is a list from start to end; it is never a shell string. */
export type Argv = readonly [string, ...string[]];

/** This machine itself, or the namespaces of one of its processes (a node of the lab). */
export interface LocalAccessConfig {
  readonly via: "local";
  /** A process whose mount, UTS, IPC, network and PID namespaces are entered; absent: this machine. */
  readonly pid?: number;
  /** Field 22 of /proc/PID/stat when the profile was written, so that a reused PID is noticed. */
  readonly startTimeTicks?: number;
}

/** The system's own ssh: its configuration, agent and known_hosts apply. */
export interface SshAccessConfig {
  readonly via: "ssh";
  readonly user?: string;
  readonly port?: number;
  /** Run commands through `sudo -n` where the login is not root. Default true. */
  readonly sudo?: boolean;
  /** Absolute paths (a profile's paths are made absolute when it is loaded). */
  readonly sshConfig?: string;
  readonly identityFile?: string;
  readonly knownHosts?: string;
  readonly proxyJump?: string;
}

/** What every way through the Kubernetes API needs. */
interface KubeAccessConfig {
  readonly kube: KubeRef;
  /** Of what is made for it; not the pod's that is looked at. Default: the kubeconfig context's. */
  readonly namespace?: string;
  /** Image with tcpdump and iproute2, best by digest. */
  readonly image?: string;
  /** Names of Secrets in that namespace. */
  readonly pullSecrets?: readonly string[];
}

/** A pod of our own on the node, with the node's PID and network namespaces. */
export interface DebugPodAccessConfig extends KubeAccessConfig {
  readonly via: "debugPod";
  /** Ask for `privileged` in place of single capabilities; OpenShift's SCCs want it. Default false. */
  readonly privileged?: boolean;
  readonly serviceAccount?: string;
  /** The pod stays this long after its use, for the next run of the same owner. Default 0. */
  readonly keepWarmMs?: number;
}

/** The user's own kubectl makes the pod: `kubectl debug node/NAME --profile=…`. */
export interface KubectlDebugAccessConfig extends KubeAccessConfig {
  readonly via: "kubectlDebug";
  /** Program; default kubectl on PATH. */
  readonly kubectl?: string;
  /** Default sysadmin. */
  readonly profile?: string;
}

/** The user's own oc makes the pod: `oc debug node/NAME`. */
export interface OcDebugAccessConfig extends KubeAccessConfig {
  readonly via: "ocDebug";
  /** Program; default oc on PATH. */
  readonly oc?: string;
  readonly asRoot?: boolean;
}

/** Over SSH on CoreOS: tools come from `toolbox`, the runtime from the host. */
export interface ToolboxAccessConfig extends Omit<SshAccessConfig, "via"> {
  readonly via: "toolbox";
  /** As ~/.toolboxrc's REGISTRY, IMAGE, AUTHFILE, TOOLBOX_NAME. */
  readonly registry?: string;
  readonly image?: string;
  readonly authFile?: string;
  readonly toolboxName?: string;
}

/** An ephemeral container in the pod: pod-side hops alone, no right to any node. */
export interface EphemeralAccessConfig extends Omit<KubeAccessConfig, "namespace" | "pullSecrets"> {
  readonly via: "ephemeral";
  /** `kubectl debug --target`'s: whose process namespace is shared. Default: none. */
  readonly targetContainer?: string;
}

/** A container of the pod itself, with the tools that it has. */
export interface PodExecAccessConfig extends Omit<KubeAccessConfig, "namespace" | "image" | "pullSecrets"> {
  readonly via: "podExec";
  /** Default: the pod's first (its annotation kubectl.kubernetes.io/default-container). */
  readonly container?: string;
}

export type PodAccessConfig = EphemeralAccessConfig | PodExecAccessConfig;

export type NodeAccessConfig =
  | LocalAccessConfig
  | SshAccessConfig
  | ToolboxAccessConfig
  | DebugPodAccessConfig
  | KubectlDebugAccessConfig
  | OcDebugAccessConfig
  | PodAccessConfig;

/** The name of a way in. */
export type Via = NodeAccessConfig["via"];

/** Every way in, as `permissions.node.via` and a profile's `access.via` name them. */
export const ALL_VIAS = [
  "local",
  "ssh",
  "toolbox",
  "debugPod",
  "kubectlDebug",
  "ocDebug",
  "ephemeral",
  "podExec",
] as const satisfies readonly Via[];

/** Ways into a pod alone: there is none into its node. */
export const POD_VIAS: readonly Via[] = ["ephemeral", "podExec"];

/** A node and how to log in to it. */
export interface NodeTarget {
  readonly name: string;
  /** What the underlay and ssh know the node by: an IP address or a host name. */
  readonly address?: string;
  readonly access: NodeAccessConfig;
  /** `namespace/name`: only this pod can be entered, and every command runs in its network namespace. */
  readonly pod?: string;
  /** What the cluster's API said of it when the run began; absent where it was not asked. */
  readonly kube?: KubeNode;
}

/** What decides where commands go, beyond a profile's words. */
export interface AccessEnd {
  /** A node's name, or `the API of context …`. */
  readonly of: string;
  /** In the words of ssh_config(5), or of a kubeconfig; `unresolved`: why nobody can tell. */
  readonly settings: Readonly<Record<string, string>>;
}

export interface ExecOptions {
  /** The named action that permissions speak of, such as `runtime/pods` or `netns/tcpdump`. */
  readonly action: string;
  readonly timeoutMs: number;
  /** More than this on stdout or stderr ends the command; the result says `truncated`. Default 16 MiB. */
  readonly maxOutputBytes?: number;
  readonly signal?: AbortSignal;
  readonly stdin?: string | Uint8Array;
}

/** A failure has the same shape as a success, plus its reason flags. */
export interface ExecResult {
  readonly node: string;
  readonly argv: Argv;
  /**
   * As a shell has it: 126 for what cannot be run, 127 for what is not there, 128 + N where signal N ended the command, as
   * every way but `local` tells it; no way can tell that from a command that ended itself so. null where `signal` says
   * what ended it, or it was given up: a time-out, an interruption, more output than was asked for.
   */
  readonly exitCode: number | null;
  /** `SIGTERM`. Of processes of this machine alone (`local`), up to the 15 s above which a lease stands between. */
  readonly signal: string | null;
  /** The bytes as they were, apart from each other. */
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly timedOut: boolean;
  readonly canceled: boolean;
  readonly truncated: boolean;
  /** RFC 3339, UTC. */
  readonly startedAt: string;
  readonly durationMs: number;
}

export interface StreamOptions {
  readonly action: string;
  /**
   * Set where it only reads from this folder, which a planned command makes, to show somebody what goes on: as what is
   * pulled from there it is in no plan, and no part of the run that is replayed.
   */
  readonly reads?: string;
  readonly signal?: AbortSignal;
}

export interface StreamEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The transport itself broke (ssh exit 255, the entered process is gone). */
  readonly transportLost: boolean;
}

/** A command that goes on while lines are written to it and read from it. Its stdin stays open until `end()`. */
export interface NodeStream {
  readonly node: string;
  readonly argv: Argv;
  /** Writes text to the command's stdin; no newline is added. A closed stdin is ignored. */
  write(text: string): void;
  /** Closes stdin. */
  end(): void;
  /** Each line of stdout without its newline, as it comes. One reader only. */
  readonly stdoutLines: AsyncIterable<string>;
  /** All of stderr so far, at most its last 64 KiB. */
  stderrText(): string;
  /** Resolves once, when the local process has ended; never rejects. */
  readonly done: Promise<StreamEnd>;
  /** Ends the local process (and its group): SIGTERM, then SIGKILL after 2 s. Resolves when it has ended. */
  kill(): Promise<StreamEnd>;
}

export interface PullResult {
  readonly bytes: number;
  /** Lower-case hex of what was written to the local file. */
  readonly sha256: string;
}

/**
 * A way onto one node. `exec` never rejects for an exit code; it rejects with a HopbookError where the
 * node could not be reached or entered at all (NODE_UNREACHABLE, HOST_KEY_UNKNOWN, SSH_AUTH_FAILED,
 * SUDO_REFUSED), where permission is refused (PERMISSION_DENIED) or after `close()`.
 */
export interface NodeAccess {
  readonly node: string;
  readonly via: NodeAccessConfig["via"];
  /** What was made for it, such as a pod, and whose programs it uses: a sentence without a full stop. */
  readonly made?: string | undefined;
  exec(argv: Argv, options: ExecOptions): Promise<ExecResult>;
  stream(argv: Argv, options: StreamOptions): NodeStream;
  /** Copies a file's bytes from the node into `localPath` (0600), in flat memory. */
  pull(remotePath: string, localPath: string, options: ExecOptions): Promise<PullResult>;
  /** Ends everything this access started and its connection. Safe to call twice. */
  close(): Promise<void>;
  /** What `close()` could not take away, a sentence each, without a full stop. Absent: there is never any. */
  leftovers?(): readonly string[];
}
