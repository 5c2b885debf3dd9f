import { messageOf } from "../errors.js";
import type { Argv, ExecResult, NodeAccess } from "../model/access.js";
import { buildUnstarted, runCommand, type Command, type CommandOptions } from "../process/command.js";
import { API_LEASE_SECONDS, buildLeased, needsLease } from "../process/lease.js";
import { trackStreams } from "./streams/open-streams.js";
import { assertStartable, type LocalProcess, type ProcessEnd } from "../process/start.js";
import { pullFile } from "./files/pull.js";
import type { RemoteEnd, RemoteRecipe } from "./recipe.js";
import { relayCommands } from "./relay/commands.js";
import { createSlots } from "../process/slots.js";
import { openStream, type Judged } from "./streams/stream.js";

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
    const inner = recipe.wrap(
      leased ? buildLeased(argv, { timeoutMs: limits.timeoutMs, leaseSeconds: API_LEASE_SECONDS }) : argv,
    );
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
      const relayed = command.leased ? null : await relay.run(argv, { ...options, signal });
      if (relayed !== null) return relayed;
      const result = await runCommand(command, { ...options, signal });
      if (result.timedOut || result.canceled || result.truncated || command.last === undefined) return result;
      const {
        exitCode,
        signal: by,
        stderr,
      } = await recipe.readEnd(await command.last.done, { argv, stderr: result.stderr });
      return { ...result, exitCode, signal: by, stderr };
    } finally {
      release();
    }
  };
  const relay = relayCommands(recipe);
  let closing: Promise<void> | undefined;
  let left: readonly string[] = [];
  return {
    node,
    via,
    ...(recipe.made === undefined ? {} : { made: recipe.made }),
    exec: run,
    stream: (argv, options) =>
      streams.add(
        openStream({
          node,
          argv,
          signal: options.signal,
          start: async (sinks) => prepare(argv).start({ stdin: "open", ...sinks }),
          judge: async (end, stderr) =>
            judgeStream(end, { stderr, read: () => recipe.readEnd(end, { argv, stderr }) }),
        }),
      ),
    pull: (remotePath, localPath, options) => pullFile({ node, remotePath, localPath, options, run }),
    close: () =>
      (closing ??= Promise.all([streams.close(), relay.close()]).then(async () => {
        left = (await recipe.dispose()) ?? [];
      })),
    leftovers: () => left,
  };
}

/** A stream's end never rejects: that there was no command, or no connection any more, stands on its stderr. */
async function judgeStream(
  end: ProcessEnd,
  { stderr, read }: { readonly stderr: Buffer; readonly read: () => RemoteEnd | Promise<RemoteEnd> },
): Promise<Judged> {
  if (end.stoppedBy !== null) return { end: { exitCode: null, signal: null, transportLost: false }, stderr };
  try {
    const { exitCode, signal, transportLost, stderr: own } = await read();
    return { end: { exitCode, signal, transportLost }, stderr: own };
  } catch (error) {
    const said = Buffer.concat([stderr, Buffer.from(`${messageOf(error)}\n`)]);
    return { end: { exitCode: null, signal: null, transportLost: true }, stderr: said };
  }
}
