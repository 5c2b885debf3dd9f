import pMap from "p-map";
import type { ExecResult } from "../model/access.js";
import type { GuardedAccess } from "../model/guarded-access.js";
import type { StateRecord } from "../model/evidence.js";
import { targetOf } from "../model/hops.js";
import type { InspectCommand } from "./command.js";

interface RunInspectionOptions {
  /** By node name. A command for a node that is not there is recorded as refused. */
  readonly accesses: ReadonlyMap<string, GuardedAccess>;
  /** Keeps a command's stdout under its path in the run folder. */
  save(file: string, bytes: Uint8Array): Promise<void> | void;
  readonly signal?: AbortSignal;
}

/** As many commands at once on a node: sshd's MaxSessions is 10, and the node has other work. */
const PARALLEL_PER_NODE = 4;
const MAX_OUTPUT_BYTES = 8 * 1024 * 1024;
const STDERR_CHARS = 500;

/**
 * Runs the looks. A missing program (exit 127), a refusal or a node that is gone is a record with its
 * reason, never an error: what could not be read must not cost what could. After an abort the rest is left
 * out. Only `save` can make it reject. Records keep the order of the commands.
 */
export async function runInspection(
  commands: readonly InspectCommand[],
  options: RunInspectionOptions,
): Promise<StateRecord[]> {
  const records: (StateRecord | undefined)[] = commands.map(() => undefined);
  const byNode = new Map<string, number[]>();
  commands.forEach((command, index) => {
    const name = targetOf(command);
    byNode.set(name, [...(byNode.get(name) ?? []), index]);
  });
  const look = async (index: number): Promise<void> => {
    if (options.signal?.aborted !== true) records[index] = await runOne(commands[index]!, options);
  };
  await Promise.all(
    [...byNode.values()].map((queue) => pMap(queue, look, { concurrency: PARALLEL_PER_NODE })),
  );
  return records.filter((record) => record !== undefined);
}

async function runOne(command: InspectCommand, options: RunInspectionOptions): Promise<StateRecord> {
  const base = {
    node: command.node,
    netns: command.netns === "host" ? command.netns : { pod: command.netns.pod },
    kind: command.kind,
    phase: command.phase,
    argv: command.argv,
    file: command.file,
  };
  const access = options.accesses.get(targetOf(command));
  if (access === undefined) return { ...base, exitCode: null, stderr: "the node is not open to this run" };
  const result = await access
    .exec(command.argv, {
      action: command.action,
      timeoutMs: command.timeoutMs,
      maxOutputBytes: MAX_OUTPUT_BYTES,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    })
    .catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
  if (result instanceof Error) return { ...base, exitCode: null, stderr: tail(result.message) };
  await options.save(command.file, result.stdout);
  const ended = describeCut(result, command);
  const said = [result.stderr.toString("utf8").trim(), ended].filter((text) => text !== "").join("; ");
  const stderr = result.exitCode === 0 && ended === "" ? "" : tail(said);
  // Cut output parses as something else than it is, so it does not count as read.
  return { ...base, exitCode: ended === "" ? result.exitCode : null, stderr };
}

/** Why what came is not all; "" where it is. */
function describeCut(result: ExecResult, { timeoutMs }: InspectCommand): string {
  if (result.timedOut) return `no answer within ${timeoutMs} ms`;
  if (result.canceled) return "the run was interrupted";
  if (result.truncated) return "output cut";
  if (result.exitCode !== null) return "";
  return result.signal === null ? "its end is not known" : `ended by ${result.signal}`;
}

function tail(text: string): string {
  return text.trim().slice(-STDERR_CHARS);
}
