import { parseSnapshot } from "../../linux/snapshot.js";
import type { Argv, ExecResult } from "../../model/access.js";
import type { GuardedAccess } from "../../model/guarded-access.js";
import { SNAPSHOT_LIMITS, snapshotArgv } from "./script.js";

interface SnapshotOptions {
  /** The named action that permissions speak of: each command has to be one of it. */
  readonly action: string;
  /** Path of the network namespace; null: that of the way in. */
  readonly netnsPath: string | null;
  readonly limits?: typeof SNAPSHOT_LIMITS;
  readonly signal?: AbortSignal | undefined;
}

/** What the shell and the way there may take beside the commands. */
const MARGIN_MS = 5_000;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/**
 * Runs commands one after the other in one round trip, and gives each one's result in their order as if it had been run
 * alone: a program that is not there, hangs or prints too much costs none of the others. Rejects as `exec` does.
 */
export async function takeSnapshot(
  access: GuardedAccess,
  commands: readonly Argv[],
  options: SnapshotOptions,
): Promise<ExecResult[]> {
  const { action, netnsPath, limits = SNAPSHOT_LIMITS, signal } = options;
  const result = await access.exec(snapshotArgv(commands, netnsPath, limits), {
    action,
    timeoutMs: limits.allSeconds * 1000 + MARGIN_MS,
    maxOutputBytes: MAX_OUTPUT_BYTES,
    ...(signal === undefined ? {} : { signal }),
  });
  return splitSnapshot(result, commands, options);
}

function splitSnapshot(
  result: ExecResult,
  commands: readonly Argv[],
  { netnsPath, limits = SNAPSHOT_LIMITS }: SnapshotOptions,
): ExecResult[] {
  const { sections } = parseSnapshot(result.stdout.toString("latin1"));
  return commands.map((command, index): ExecResult => {
    const argv: Argv = netnsPath === null ? command : ["nsenter", `--net=${netnsPath}`, ...command];
    const section = sections.get(String(index + 1));
    const stdout = Buffer.from(section?.stdout ?? "", "latin1");
    // The snapshot itself came to no end, or to one before this command: what is said of it holds for the command.
    if (section === undefined || (section.exitCode === null && !section.isLate)) {
      return { ...result, argv, stdout, exitCode: result.exitCode === 0 ? null : result.exitCode };
    }
    const isCut = stdout.length > limits.sectionBytes;
    return {
      ...result,
      argv,
      stdout: stdout.subarray(0, limits.sectionBytes),
      stderr: Buffer.from(section.stderr, "latin1"),
      ...{ exitCode: isCut || section.isLate ? null : section.exitCode, signal: null },
      ...{ timedOut: section.isLate, canceled: false, truncated: isCut },
    };
  });
}
