import type { Argv } from "./access.js";

/** A command that ended on a node. */
export interface CommandEntry {
  readonly type: "command";
  readonly at: string;
  readonly node: string;
  readonly action: string;
  readonly argv: Argv;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
  readonly canceled: boolean;
  readonly truncated: boolean;
  readonly durationMs: number;
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
  /** The last 2,000 characters of stderr where the exit code is not 0, else "". */
  readonly stderrTail: string;
}
