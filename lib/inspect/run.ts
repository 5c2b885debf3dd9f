import pMap from "p-map";
import type { ExecResult } from "../model/access.js";
import { runOnNode, takeSnapshot } from "../cluster/index.js";
import { messageOf } from "../errors.js";
import type { GuardedAccess } from "../model/guarded-access.js";
import type { StateRecord } from "../model/evidence.js";
import { argvOfGroup, groupCommands, isScript, type InspectCommand, type InspectGroup } from "./command.js";

interface RunInspectionOptions {
  /** By node name. A command for a node that is not there is recorded as refused. */
  readonly accesses: ReadonlyMap<string, GuardedAccess>;
  /** Keeps a command's stdout under its path in the run folder. */
  save(file: string, bytes: Uint8Array): Promise<void> | void;
  readonly signal?: AbortSignal;
}

/** As many snapshots at once on a node: sshd's MaxSessions is 10, and the node has other work. */
const PARALLEL_PER_NODE = 4;
const SCRIPT_MS = 30_000;
const STDERR_CHARS = 500;

/**
 * Takes the looks, those at one network namespace in one round trip. A missing program (exit 127), a refusal or a node
 * that is gone is a record with its reason, never an error: what could not be read must not cost what could. After an
 * abort the rest is left out. Only `save` can make it reject. Records keep the order of the commands.
 */
export async function runInspection(
  commands: readonly InspectCommand[],
  options: RunInspectionOptions,
): Promise<StateRecord[]> {
  const records = new Map<InspectCommand, StateRecord>();
  const byNode = new Map<string, InspectGroup[]>();
  for (const group of groupCommands(commands)) {
    byNode.set(group.target, [...(byNode.get(group.target) ?? []), group]);
  }
  const look = async (group: InspectGroup): Promise<void> => {
    if (options.signal?.aborted === true) return;
    const results = await takeGroup(group, options);
    for (const [index, command] of group.commands.entries()) {
      const result = typeof results === "string" ? results : results[index];
      records.set(command, await makeRecord(command, result, options));
    }
  };
  await Promise.all(
    [...byNode.values()].map((queue) => pMap(queue, look, { concurrency: PARALLEL_PER_NODE })),
  );
  return commands.flatMap((command) => records.get(command) ?? []);
}

/** The results of a group's looks in their order, or why there are none. */
async function takeGroup(
  group: InspectGroup,
  { accesses, signal }: RunInspectionOptions,
): Promise<readonly ExecResult[] | string> {
  const { target, action, netnsPath, commands } = group;
  const access = accesses.get(target);
  if (access === undefined) return "the node is not open to this run";
  const looks = commands.map(({ look }) => look);
  try {
    if (looks.some(isScript)) {
      const options = { action, doing: "look at the node's state", timeoutMs: SCRIPT_MS, signal };
      return [await runOnNode(access, argvOfGroup(group), options)];
    }
    return await takeSnapshot(access, looks, { action, netnsPath, signal });
  } catch (error) {
    return messageOf(error);
  }
}

async function makeRecord(
  command: InspectCommand,
  result: ExecResult | string | undefined,
  options: RunInspectionOptions,
): Promise<StateRecord> {
  const { node, netns, kind, phase, argv, file } = command;
  const base = { node, netns: netns === "host" ? netns : { pod: netns.pod }, kind, phase, argv, file };
  if (result === undefined || typeof result === "string") {
    return { ...base, exitCode: null, stderr: tail(result ?? "") };
  }
  await options.save(command.file, result.stdout);
  const ended = describeCut(result);
  const said = [result.stderr.toString("utf8").trim(), ended].filter((text) => text !== "").join("; ");
  const stderr = result.exitCode === 0 && ended === "" ? "" : tail(said);
  // Cut output parses as something else than it is, so it does not count as read.
  return { ...base, exitCode: ended === "" ? result.exitCode : null, stderr };
}

/** Why what came is not all; "" where it is. */
function describeCut(result: ExecResult): string {
  if (result.timedOut) return "no answer in time";
  if (result.canceled) return "the run was interrupted";
  if (result.truncated) return "output cut";
  if (result.exitCode !== null) return "";
  return result.signal === null ? "its end is not known" : `ended by ${result.signal}`;
}

function tail(text: string): string {
  return text.trim().slice(-STDERR_CHARS);
}
