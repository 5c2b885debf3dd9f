/** Exit codes of the command: few, documented, and the only ones there are. */
export const EXIT = {
  healthy: 0,
  internal: 1,
  usage: 2,
  findings: 3,
  permission: 4,
  unreachable: 5,
  incomplete: 6,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/**
 * The closed set of error codes. Each has the exit code it ends the command with and one line that says
 * what it stands for; docs/errors.md is generated from this table.
 */
export const ERROR_CODES = {
  INTERNAL: { exit: EXIT.internal, means: "A defect of hopbook itself" },
  USAGE: { exit: EXIT.usage, means: "The command line does not say what to do" },
  INPUT_INVALID: { exit: EXIT.usage, means: "A runbook's input has a value it does not take" },
  FILE_UNREADABLE: { exit: EXIT.usage, means: "A file that was named cannot be read" },
  DOCUMENT_INVALID: { exit: EXIT.usage, means: "A runbook, recipe or profile is not valid" },
  RUNBOOK_NOT_FOUND: { exit: EXIT.usage, means: "No runbook has that name" },
  CLUSTER_NOT_FOUND: { exit: EXIT.usage, means: "No cluster profile was named or found" },
  TARGET_AMBIGUOUS: { exit: EXIT.usage, means: "More than one pod or node fits the name" },
  EXPRESSION_INVALID: { exit: EXIT.usage, means: "An expression does not parse or evaluate" },
  ARTIFACTS_UNWRITABLE: { exit: EXIT.usage, means: "The folder for the run cannot be made or written" },
  PLAN_INVALID: { exit: EXIT.usage, means: "A plan file is not a plan, or was changed after it was made" },
  RUN_NOT_FOUND: {
    exit: EXIT.usage,
    means: "No run of that id goes on without its client, or nothing of it is left",
  },
  RUN_BUSY: { exit: EXIT.usage, means: "Another client collects or stops that run at the moment" },
  PLAN_DRIFT: {
    exit: EXIT.usage,
    means: "What a run would do is no longer what its plan says; nothing was changed on the nodes",
  },
  RECORDING_MISSING: { exit: EXIT.usage, means: "A replay asks for what its recording does not have" },
  EVIDENCE_INVALID: { exit: EXIT.usage, means: "A run folder or capture file is not what it should be" },
  LAB_UNAVAILABLE: { exit: EXIT.usage, means: "This machine does not allow the lab's namespaces" },
  LAB_FAILED: { exit: EXIT.internal, means: "The lab could not be brought up, changed or taken down" },
  PERMISSION_DENIED: { exit: EXIT.permission, means: "A step needs what was not granted" },
  TARGET_NOT_FOUND: { exit: EXIT.unreachable, means: "No pod or node has that name" },
  NODE_UNREACHABLE: { exit: EXIT.unreachable, means: "A node cannot be logged in to" },
  HOST_KEY_UNKNOWN: {
    exit: EXIT.unreachable,
    means: "ssh does not know the node's host key, or it has changed",
  },
  SSH_AUTH_FAILED: { exit: EXIT.unreachable, means: "The node refused every key" },
  SUDO_REFUSED: { exit: EXIT.unreachable, means: "The login is not root and sudo wants a password" },
  KUBE_UNREACHABLE: { exit: EXIT.unreachable, means: "The cluster's API does not answer" },
  KUBE_UNAUTHORISED: {
    exit: EXIT.unreachable,
    means: "The cluster's API does not take the kubeconfig's user",
  },
  KUBE_FORBIDDEN: { exit: EXIT.unreachable, means: "The user may not do that with the cluster's API" },
  KUBE_REFUSED: {
    exit: EXIT.unreachable,
    means: "The cluster's API refused it: admission, a quota, PodSecurity, or the request itself",
  },
  KUBE_NOT_FOUND: { exit: EXIT.unreachable, means: "The cluster's API has no such object" },
  POD_NOT_STARTED: {
    exit: EXIT.unreachable,
    means: "A pod that hopbook made does not run: its image, its node, or its scheduling",
  },
  NO_ACCESS: {
    exit: EXIT.unreachable,
    means: "No way onto the nodes or into the pods is allowed to this user",
  },
  TOOL_MISSING: { exit: EXIT.unreachable, means: "A node lacks a program that the step needs" },
  RUNTIME_UNAVAILABLE: { exit: EXIT.unreachable, means: "The node's container runtime does not answer" },
  CNI_UNRECOGNISED: { exit: EXIT.unreachable, means: "No hop recipe fits what the nodes show" },
  HOP_UNRESOLVED: { exit: EXIT.unreachable, means: "A hop of the path cannot be found on its node" },
  NODE_DISK_FULL: { exit: EXIT.unreachable, means: "A node has too little free disk for the capture" },
  COMMAND_FAILED: { exit: EXIT.incomplete, means: "A command on a node failed" },
  COMMAND_TIMEOUT: { exit: EXIT.incomplete, means: "A command on a node did not end in time" },
  SCRIPT_FAILED: {
    exit: EXIT.incomplete,
    means: "A script failed, or did what its sandbox does not let it do",
  },
  CAPTURE_FAILED: { exit: EXIT.incomplete, means: "A capture did not start, or ended before its time" },
  INTERRUPTED: { exit: EXIT.interrupted, means: "The run was interrupted and cleaned up" },
} as const satisfies Record<string, { exit: ExitCode; means: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Where an error stands: in a file, or on a node. Lines and columns count from 1. */
export interface ErrorPlace {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly node?: string;
  readonly argv?: readonly string[];
}

/** One of several problems of a file, for editors; lines and columns count from 1, in UTF-16 code units. */
export interface ErrorProblem {
  readonly line: number;
  readonly column: number;
  /** Behind its last character, where that is known and on the same line. */
  readonly endColumn?: number;
  readonly message: string;
  /** What was probably meant, or what to do. */
  readonly suggestion?: string;
  /** Stable id of the kind of problem: one of PROBLEM_RULES. */
  readonly rule: string;
  /** Only where it is not the file of `where`. */
  readonly file?: string;
}

export interface ErrorDetails {
  readonly where?: ErrorPlace;
  /** What the person can do about it, as an imperative sentence without a final full stop. */
  readonly hint?: string;
  /** More lines: the offending source line with its caret, the last lines of stderr, near names. */
  readonly detail?: string;
  /** All that is wrong with a file, in the order of its lines. */
  readonly problems?: readonly ErrorProblem[];
  /** What a step had found before it failed: its outputs, where the run goes on without it. */
  readonly outputs?: unknown;
  /** The flags that would grant what is not granted yet, quoted for a shell. */
  readonly missingFlags?: readonly string[];
  readonly cause?: unknown;
}

/**
 * Every error that hopbook means to throw. The message follows "Cannot do X: why", with no
 * final full stop.
 */
export class HopbookError extends Error {
  override readonly name = "HopbookError";
  readonly code: ErrorCode;
  readonly where: ErrorPlace | undefined;
  readonly hint: string | undefined;
  readonly detail: string | undefined;
  /** Of DOCUMENT_INVALID: every problem of the file at its place. */
  readonly problems: readonly ErrorProblem[] | undefined;
  readonly outputs: unknown;
  /** Of PERMISSION_DENIED where nobody could be asked. */
  readonly missingFlags: readonly string[] | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.where = details.where;
    this.hint = details.hint;
    this.detail = details.detail;
    this.outputs = details.outputs;
    this.problems = details.problems;
    this.missingFlags = details.missingFlags;
  }

  get exitCode(): ExitCode {
    return ERROR_CODES[this.code].exit;
  }
}

/** The error itself if it is one of ours, else an INTERNAL one around it. */
export function asHopbookError(error: unknown): HopbookError {
  if (error instanceof HopbookError) return error;
  return new HopbookError("INTERNAL", messageOf(error), { cause: error });
}

/** What was thrown, in words: anything can be thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
