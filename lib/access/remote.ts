import type { Argv, ExecResult, NodeAccess, StreamEnd, Via } from "../model/access.js";
import { buildUnstarted, runCommand, type Command, type CommandOptions } from "./command.js";
import { buildLeased, needsLease } from "./lease.js";
import { trackStreams } from "./openstreams.js";
import { assertStartable, type LocalProcess, type ProcessEnd, type ProcessOptions } from "./process.js";
import { pullFile } from "./pull.js";
import { createSlots } from "./slots.js";
import { openStream } from "./stream.js";

export interface RemoteEnd extends Pick<StreamEnd, "exitCode" | "signal" | "transportLost"> {
  /** What the command itself wrote, where the way in adds words of its own. */
  readonly stderr: Buffer;
}

export interface RemoteRecipe {
  readonly node: string;
  readonly via: Via;
  /** Starts a command where this access leads; its end is read by `readEnd`. Rejects with a HopbookError. */
  start(argv: Argv, options: Omit<ProcessOptions, "env">): Promise<LocalProcess>;
  /** What was asked for, as it is started there: `nsenter … ARGV`. */
  wrap(argv: Argv): Argv;
  /** What an end says of the command; throws a HopbookError where it says that there was none. */
  readEnd(end: ProcessEnd, told: { readonly argv: Argv; readonly stderr: Buffer }): RemoteEnd;
  /** Takes away what was made for this access; called once. */
  dispose(): Promise<void>;
  /** Commands at a time; the others wait. Default 32. */
  readonly maxCommands?: number;
}

const MAX_COMMANDS = 32;

/**
 * A way in over anything that can start a command and tell its end. A command that may take longer than 15 s runs
 * under a lease there (lease.ts): to lose its connection does not end it, but its lease does.
 */
export function createRemoteAccess(recipe: RemoteRecipe): NodeAccess {
  const { node, via } = recipe;
  const streams = trackStreams(node);
  const slots = createSlots(recipe.maxCommands ?? MAX_COMMANDS);
  const prepare = (argv: Argv, limits?: CommandOptions): Command & { last: LocalProcess | undefined } => {
    assertStartable(argv);
    streams.assertOpen(argv);
    const leased = limits !== undefined && needsLease(limits);
    const inner = recipe.wrap(leased ? buildLeased(argv, limits.timeoutMs) : argv);
    const command: Command & { last: LocalProcess | undefined } = {
      node,
      argv,
      leased,
      last: undefined,
      start: async (options) => (command.last = await recipe.start(inner, options)),
    };
    return command;
  };
  const run = async (argv: Argv, options: CommandOptions): Promise<ExecResult> => {
    const startedAt = new Date();
    const signal = streams.linkSignal(options.signal);
    const command = prepare(argv, options);
    const release = await slots.acquire({ waitMs: options.timeoutMs, signal });
    if (release === null) {
      return buildUnstarted(command, { startedAt, stoppedBy: signal.aborted ? "canceled" : "timedOut" });
    }
    try {
      const result = await runCommand(command, { ...options, signal });
      if (result.timedOut || result.canceled || result.truncated || command.last === undefined) return result;
      const {
        exitCode,
        signal: by,
        stderr,
      } = recipe.readEnd(await command.last.done, { argv, stderr: result.stderr });
      return { ...result, exitCode, signal: by, stderr };
    } finally {
      release();
    }
  };
  let closing: Promise<void> | undefined;
  return {
    node,
    via,
    exec: run,
    stream: (argv, options) =>
      streams.add(
        openStream({
          node,
          argv,
          signal: options.signal,
          start: async (sinks) => prepare(argv).start({ stdin: "open", ...sinks }),
          judge: (end, stderr) => {
            const read = recipe.readEnd(end, { argv, stderr });
            const { exitCode, signal, transportLost } = read;
            return { end: { exitCode, signal, transportLost }, stderr: read.stderr };
          },
        }),
      ),
    pull: (remotePath, localPath, options) => pullFile({ node, remotePath, localPath, options, run }),
    close: () => (closing ??= streams.close().then(() => recipe.dispose())),
  };
}
