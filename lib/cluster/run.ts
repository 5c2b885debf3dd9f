import { HopbookError } from "../errors.js";
import type { Argv, ExecResult } from "../model/access.js";
import type { GuardedAccess } from "../model/guarded-access.js";
import { showTail } from "./names.js";
import { parseJson } from "../linux/json.js";

/** A read on a node that takes longer than this has hung. */
const READ_TIMEOUT_MS = 15_000;

interface ReadOptions {
  /** The named action that permissions speak of. */
  readonly action: string;
  /** What is being done, for "Cannot …": "read the links". */
  readonly doing: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs one command on a node to its end. A non-zero exit code is a result; what is not one is an error:
 * COMMAND_TIMEOUT, INTERRUPTED, TOOL_MISSING (127: no such program), COMMAND_FAILED (ended by a signal, or
 * more output than fits).
 */
export async function runOnNode(
  access: GuardedAccess,
  argv: Argv,
  options: ReadOptions,
): Promise<ExecResult> {
  const timeoutMs = options.timeoutMs ?? READ_TIMEOUT_MS;
  const result = await access.exec(argv, {
    action: options.action,
    timeoutMs,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  return checkRun(result, { node: access.node, doing: options.doing, timeoutMs });
}

interface RunOf {
  /** As the way in calls it. */
  readonly node: string;
  readonly doing: string;
  readonly timeoutMs: number;
}

/** The result of a command that came to its end; else what `runOnNode` throws. */
export function checkRun(result: ExecResult, { node, doing, timeoutMs }: RunOf): ExecResult {
  const cannot = `Cannot ${doing} on ${node}`;
  const where = { node, argv: result.argv };
  const detail = showTail(result.stderr.toString("utf8"));
  if (result.canceled) throw new HopbookError("INTERRUPTED", `${cannot}: interrupted`, { where });
  if (result.timedOut) {
    const message = `${cannot}: the command did not end within ${timeoutMs} ms`;
    throw new HopbookError("COMMAND_TIMEOUT", message, { where, detail });
  }
  if (result.exitCode === 127) {
    const message = `${cannot}: a program is missing there (exit code 127)`;
    const hint = "install the program that the detail names on the node";
    throw new HopbookError("TOOL_MISSING", message, { where, hint, detail });
  }
  if (result.truncated || result.exitCode === null) {
    const why = result.truncated
      ? "its output is too long"
      : `it was ended by ${result.signal ?? "the transport"}`;
    throw new HopbookError("COMMAND_FAILED", `${cannot}: ${why}`, { where, detail });
  }
  return result;
}

/** As runOnNode, and a non-zero exit code is COMMAND_FAILED with the end of stderr. */
export async function readText(access: GuardedAccess, argv: Argv, options: ReadOptions): Promise<string> {
  return textOf(await runOnNode(access, argv, options), access.node, options.doing);
}

function textOf(result: ExecResult, node: string, doing: string): string {
  if (result.exitCode !== 0) throw commandFailed(node, result, doing);
  return result.stdout.toString("utf8");
}

/** stdout of a command that came to its end, which is JSON of unknown shape; COMMAND_FAILED where it is none. */
export function jsonTextOf(result: ExecResult, node: string, doing: string): string {
  const text = textOf(result, node, doing);
  if (parseJson(text) !== undefined) return text;
  throw new HopbookError("COMMAND_FAILED", `Cannot ${doing} on ${node}: it printed no JSON`, {
    where: { node, argv: result.argv },
    hint: "check that the node's iproute2 knows -j (4.14 or later)",
    detail: showTail(text, 3),
  });
}

export function commandFailed(node: string, result: ExecResult, doing: string): HopbookError {
  const message = `Cannot ${doing} on ${node}: exit code ${String(result.exitCode)}`;
  return new HopbookError("COMMAND_FAILED", message, {
    where: { node, argv: result.argv },
    detail: showTail(result.stderr.toString("utf8")),
  });
}
