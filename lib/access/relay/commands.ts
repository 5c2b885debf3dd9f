import { HopbookError } from "../../errors.js";
import type { Argv, ExecResult } from "../../model/access.js";
import { DEFAULT_MAX_OUTPUT_BYTES, type CommandOptions } from "../../process/command.js";
import { openRelay, type Relay, type RelayResult } from "./shell.js";
import type { RemoteRecipe } from "../recipe.js";

/** A relay that ends again and again is given up. */
const MAX_RELAYS = 3;

interface RelayedCommands {
  /** null: it has to be run over a connection of its own. */
  run(argv: Argv, options: CommandOptions & { readonly signal: AbortSignal }): Promise<ExecResult | null>;
  close(): Promise<void>;
}

/** Runs what is short, and has no stdin and no file for its output, through one shell, which is started when needed. */
export function relayCommands(recipe: RemoteRecipe): RelayedCommands {
  let opening: Promise<Relay | null> | undefined;
  let opened = 0;
  let closed = false;
  const relayNow = async (): Promise<Relay | null> => {
    const known = await opening;
    if (known === null || known?.isAlive() === true) return known;
    if (closed || opened >= MAX_RELAYS) return null;
    if (opening === undefined || (await opening) === known) {
      opened += 1;
      opening = openRelay((argv, options) => recipe.start(argv, options));
      // A way in that cannot start a shell says why at the command itself.
      opening = opening.catch(() => null);
    }
    return opening;
  };
  return {
    run: async (argv, options) => {
      if (recipe.hasRelay === false || options.stdin !== undefined || options.stdoutFd !== undefined)
        return null;
      const { timeoutMs, signal, maxOutputBytes = DEFAULT_MAX_OUTPUT_BYTES } = options;
      // The relay keeps what is printed where a pod has little room, and others are kept waiting.
      if (maxOutputBytes > DEFAULT_MAX_OUTPUT_BYTES) return null;
      const startedAt = new Date();
      const relay = await relayNow();
      if (relay === null) return null;
      const result = await relay.run(recipe.wrap(argv), { timeoutMs, maxOutputBytes, signal });
      if (result.how === "lost") throw await explainLost(recipe, argv, result);
      return toExecResult(result, { node: recipe.node, argv, startedAt });
    },
    close: async () => {
      closed = true;
      await (await opening)?.close();
    },
  };
}

async function explainLost(
  recipe: RemoteRecipe,
  argv: Argv,
  { end, stderr }: Extract<RelayResult, { how: "lost" }>,
): Promise<HopbookError> {
  try {
    await recipe.readEnd(end, { argv, stderr });
  } catch (error) {
    if (error instanceof HopbookError) return error;
  }
  return new HopbookError(
    "NODE_UNREACHABLE",
    `Cannot run a command on ${recipe.node}: the shell that ran it was ended there`,
    {
      where: { node: recipe.node, argv },
      hint: "Run again",
    },
  );
}

function toExecResult(
  result: Exclude<RelayResult, { how: "lost" }>,
  command: { readonly node: string; readonly argv: Argv; readonly startedAt: Date },
): ExecResult {
  const { node, argv, startedAt } = command;
  const isWhole = result.how === "ended" && !result.truncated;
  return {
    node,
    argv,
    exitCode: isWhole ? result.exitCode : null,
    signal: null,
    stdout: result.how === "ended" ? result.stdout : Buffer.alloc(0),
    stderr: result.how === "ended" ? result.stderr : Buffer.alloc(0),
    timedOut: result.how === "timedOut",
    canceled: result.how === "canceled",
    truncated: result.how === "ended" && result.truncated,
    startedAt: startedAt.toISOString(),
    durationMs: Date.now() - startedAt.getTime(),
  };
}
