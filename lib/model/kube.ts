/** How a cluster's API is reached, as data; what it says is read by kubectl's rules. */
export interface KubeRef {
  /** Absolute paths; several are merged as KUBECONFIG's are. Absent: KUBECONFIG, ~/.kube/config, in the cluster. */
  readonly kubeconfig?: readonly string[];
  /** Absent: the current context. */
  readonly context?: string;
  /** Of what is named without one. Absent: the context's, else `default`. */
  readonly namespace?: string;
}

export type KubeVerb =
  "get" | "list" | "watch" | "create" | "patch" | "update" | "delete" | "deletecollection";

/** One request, in the words in which RBAC judges it. */
export interface KubeRequest {
  readonly verb: KubeVerb;
  /** "" is the core group. */
  readonly group: string;
  readonly version: string;
  /** In the plural. */
  readonly resource: string;
  readonly subresource?: string;
  /** Absent: of the whole cluster, or across all namespaces. */
  readonly namespace?: string;
  readonly name?: string;
  readonly query?: Readonly<Record<string, string>>;
  /** JSON. Of a patch: a strategic merge patch, unless `contentType` says otherwise. */
  readonly body?: unknown;
  readonly contentType?: string;
  /** Of a get: `metadata` alone is answered, so that a Secret's values never leave the server. */
  readonly metadataOnly?: boolean;
  /** Of a get or a list of facts: paths within an object that are looked at besides its name; the rest is dropped. */
  readonly keep?: readonly (readonly string[])[];
  /** Default 10 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Of a list: whether it changes. */
export interface KubeWatchRequest extends Omit<KubeRequest, "verb" | "name" | "body"> {
  /** The version from which on a change counts; null: by now. */
  readonly from: string | null;
}

export interface KubeExecRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly argv: readonly string[];
  /** Whether the command gets a stdin at all. */
  readonly stdin: boolean;
  readonly onStdout: (chunk: Buffer) => void;
  readonly onStderr: (chunk: Buffer) => void;
  /** Until the socket is open. Default 10 s. */
  readonly connectTimeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** How a command in a container ended; one of the three says so. */
export interface KubeExecEnd {
  /** Its exit code; 128 + N where signal N ended it, as the runtime tells. */
  readonly exitCode: number | null;
  /** The API's own reason why there was no command: "container not found", "executable file not found in $PATH". */
  readonly refused: string | null;
  /** The connection broke, or was closed by us, before an end was told; the command may still run. */
  readonly lost: boolean;
}

/** A command in a container, by the `exec` subresource: stdin, stdout, stderr and the status apart. */
export interface KubeExec {
  write(chunk: string | Uint8Array): void;
  /** Ends stdin alone; false where the server's protocol cannot (before v5.channel.k8s.io), and all is closed. */
  end(): boolean;
  /** No more is read from the socket, so that the command blocks when the pipes between are full. */
  pause(): void;
  resume(): void;
  /** Closes the connection; the command itself goes on until its stdin or its lease ends. */
  close(): void;
  /** Resolves once; never rejects. */
  readonly done: Promise<KubeExecEnd>;
}

/** What a server says of itself. */
export interface KubeServer {
  /** As `v1.36.3`. */
  readonly version: string;
  /** Its clock less ours in milliseconds, by the Date of its answer; null where it has none. */
  readonly clockOffsetMs: number | null;
  /** How far that may be off: the Date has whole seconds, and the answer took its time. */
  readonly clockErrorMs: number;
  /** Of a request on a connection that is open. */
  readonly roundTripMs: number;
}

export interface KubeEndpoint {
  readonly server: string;
  /** `sha256:` of the certificates that its own is checked by; `system`: those of this machine; `unchecked`. */
  readonly ca: string;
  /** The name that its certificate is to have; "" for the server's. */
  readonly tlsServerName: string;
  /** "" for none but what the environment says. */
  readonly proxy: string;
}

/**
 * A cluster's API as one user sees it. Every request rejects with a HopbookError: KUBE_UNREACHABLE (no answer),
 * KUBE_UNAUTHORISED (401), KUBE_FORBIDDEN (403 by RBAC), KUBE_REFUSED (admission, quota, validation: the API's own
 * words), KUBE_NOT_FOUND (404), COMMAND_TIMEOUT, INTERRUPTED.
 */
export interface KubeApi {
  readonly ref: KubeRef;
  /** As the kubeconfig calls them. */
  readonly context: string;
  readonly cluster: string;
  readonly user: string;
  readonly server: string;
  /** What decides which server answers, and by what it is believed. */
  readonly endpoint: KubeEndpoint;
  /** Of what is named without one. */
  readonly namespace: string;
  request<T>(request: KubeRequest): Promise<T>;
  /** Every item of a list, read in pages of 500; more than `maxItems` (default 20,000) is KUBE_REFUSED. */
  list<T>(request: Omit<KubeRequest, "verb" | "name" | "body">, maxItems?: number): Promise<readonly T[]>;
  /**
   * The version that a list has by now, where `from` is null; else resolves with the version of the first change after that
   * one, or with the same one after a minute without a change. null: from there it cannot be told any more. Rejects as a
   * request does, with KUBE_FORBIDDEN where the user may list and not watch.
   */
  watch(request: KubeWatchRequest): Promise<string | null>;
  /** Rejects as a request does. */
  about(options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal }): Promise<KubeServer>;
  /**
   * Unix milliseconds by the server's clock, as far as its answers so far tell: what goes by times that it wrote, or is to
   * be read beside them, goes by this one.
   */
  nowMs(): number;
  /** Resolves when the socket is open; rejects as a request does. */
  exec(request: KubeExecRequest): Promise<KubeExec>;
}

/** The API that a reference means; nothing is asked yet. Throws CLUSTER_NOT_FOUND or FILE_UNREADABLE. */
export type OpenKube = (ref: KubeRef) => KubeApi;

/** What facts are read with: each request is judged, audited and recorded. Rejects as KubeApi does. */
export type KubeReader = Pick<
  KubeApi,
  "ref" | "context" | "cluster" | "user" | "server" | "namespace" | "request" | "list" | "watch"
>;

/** What the API says of a node. */
export interface KubeNode {
  /** Of the API's object, and of the machine; absent where it does not say. */
  readonly uid?: string;
  readonly machineId?: string;
  /** As `containerd://2.4.0`; "" where it does not say. */
  readonly runtime: string;
  readonly ready: boolean;
  /** Why it is not ready, in the API's words; null where it is. */
  readonly notReady: string | null;
  readonly cordoned: boolean;
  readonly taints: readonly { readonly key: string; readonly value: string; readonly effect: string }[];
  readonly podCidrs: readonly string[];
  readonly osImage: string;
  readonly kernel: string;
  /** Those in which CNIs say how they work. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** Whose something in the cluster is, and until when: what `reap` and the next run go by. */
export interface Lease {
  readonly runId: string;
  /** Who runs it: `user@host`, as the API's audit log would not know. */
  readonly owner: string;
  readonly durationMs: number;
  /** Absent: nothing is remembered, and what is found by its labels alone is nobody's. */
  readonly made?: MadeObjects;
}

/** A thing in a cluster by its UID, or a run as a whole. */
export type MadeKey = `uid ${string}` | `run ${string}`;

/**
 * What this user made in clusters, remembered outside of them: labels are put on by anybody who may make pods there, and a
 * UID by the API's server alone.
 */
export interface MadeObjects {
  /** false: it cannot be remembered. */
  remember(key: MadeKey): Promise<boolean>;
  isMine(key: MadeKey): Promise<boolean>;
}

export const MANAGED_BY_LABEL = "app.kubernetes.io/managed-by";
export const MANAGED_BY = "hopbook";
export const RUN_LABEL = "hopbook.dev/run";
/** `true`: captures go on in it without their client. */
export const DETACHED_LABEL = "hopbook.dev/detached";
/** A hash of the owner: a label takes no `@`. */
export const OWNER_LABEL = "hopbook.dev/owner";
export const OWNER_ANNOTATION = "hopbook.dev/owner-name";
/** RFC 3339, UTC. */
export const EXPIRES_ANNOTATION = "hopbook.dev/expires";
