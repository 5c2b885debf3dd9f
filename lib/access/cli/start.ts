import { basename } from "node:path";
import { HopbookError } from "../../errors.js";
import type { Argv } from "../../model/access.js";
import { readCliFailure } from "./end.js";
import type { CliSetup } from "./argv.js";
import { connectCanceled } from "../connect.js";
import { startProcess, type LocalProcess, type ProcessEnd } from "../../process/start.js";

/** kubectl's or oc's way of making a pod on a node. */
export interface CliRecipe {
  readonly node: string;
  readonly via: "kubectlDebug" | "ocDebug";
  readonly setup: CliSetup;
  readonly image: string | undefined;
  /** Of the pod that it makes. */
  readonly container: string;
  readonly debug: Argv;
  /** The pod's name in what it printed; null: not yet. */
  readonly readPodName: (said: string) => string | null;
  /** It goes on until its pod ends, and removes the pod when it is stopped. */
  readonly stays: boolean;
  /** The pod whose name was not told, by what only ours has. */
  readonly findPod?: () => Promise<string | null>;
  /** What to do where the pod is not let into the node's namespaces. */
  readonly entryHint: string;
}

export interface StartedDebug {
  readonly pod: string;
  /** It stays for as long as the pod does; null where it has ended. */
  readonly process: LocalProcess | null;
}

/** What is kept of what it prints: a notice, or an error. */
const SAID_CHARACTERS = 16_384;

/**
 * Starts `kubectl debug` or `oc debug` and waits for its pod's name. Where it ends without, or too late, what it may
 * have made is looked for and an error says why.
 */
export async function startDebug(
  recipe: Pick<CliRecipe, "node" | "debug" | "setup" | "readPodName" | "stays" | "findPod" | "container">,
  options: {
    readonly env: Readonly<Record<string, string>>;
    readonly deadline: number;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<StartedDebug> {
  const { debug, stays, node } = recipe;
  const heard = { said: "", tell: (): void => undefined };
  const named = new Promise<void>((resolve) => (heard.tell = resolve));
  const onChunk = (chunk: Buffer): void => {
    heard.said = `${heard.said}${chunk.toString("utf8")}`.slice(0, SAID_CHARACTERS);
    if (recipe.readPodName(heard.said) !== null) heard.tell();
  };
  const child = startProcess(debug, {
    env: options.env,
    // An oc that stays is to end in order, which takes longer than an exit waits.
    stdin: stays ? "open" : "closed",
    onStdout: onChunk,
    onStderr: onChunk,
    signal: options.signal,
  });
  const timer = setTimeout(() => void child.stop("timedOut"), Math.max(1, options.deadline - Date.now()));
  const end = await Promise.race([child.done, ...(stays ? [named.then(() => null)] : [])]);
  clearTimeout(timer);
  const pod = recipe.readPodName(heard.said);
  if (end === null && pod !== null) return { pod, process: child };
  const ended = end ?? (await child.done);
  if (ended.exitCode === 0 && !stays) {
    const found = pod ?? (await recipe.findPod?.()) ?? null;
    if (found !== null) return { pod: found, process: null };
  }
  if (ended.stoppedBy === "canceled") throw connectCanceled(node);
  throw cannotStart(recipe, ended, heard.said);
}

function cannotStart(
  { node, setup, debug }: Pick<CliRecipe, "node" | "setup" | "debug">,
  end: ProcessEnd,
  said: string,
): HopbookError {
  const program = basename(setup.program);
  const timedOut = end.stoppedBy === "timedOut";
  const { code, why, hint } = readCliFailure(said.trim(), { program, exitCode: end.exitCode });
  const reason = timedOut ? "it did not end in time" : end.exitCode === 0 ? "it named no pod" : why;
  const message = `Cannot start a debug pod on ${node} by ${program} debug: ${reason}`;
  return new HopbookError(timedOut || end.exitCode === 0 ? "POD_NOT_STARTED" : code, message, {
    where: { node, argv: debug },
    ...(hint === undefined || timedOut ? {} : { hint }),
    ...(said.trim() === "" ? {} : { detail: said.trim().slice(-2_000) }),
  });
}
