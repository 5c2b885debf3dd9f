import { asHopbookError, HopbookError } from "../../errors.js";
import type { Argv, ExecResult, NodeAccess } from "../../model/access.js";
import { readCliEnd } from "./end.js";
import { buildCliEnv, buildCliExec } from "./argv.js";
import { leaseDebugPod, removeDebugPod } from "./lease.js";
import { startDebug, type CliRecipe } from "./start.js";
import { runCommand, startLocally } from "../../process/command.js";
import { connectCanceled } from "../connect.js";
import { buildMarkWords } from "../environment.js";
import { findNodePlace, wrapForPlace } from "../pod/place.js";
import type { ObjectRef } from "../pod/spec.js";
import { waitUntilRuns } from "../pod/start.js";
import { startProcess } from "../../process/start.js";
import { createRemoteAccess } from "../remote.js";
import type { KubeConnectOptions } from "../ways.js";

/** Every command is a process of the person's kubectl, with its own handshake. */
const MAX_COMMANDS = 16;

/**
 * A node through a pod that the person's own kubectl or oc makes; each command is one `exec` of theirs. The pod gets our
 * labels and a deadline where this user may patch it, and is deleted by `close()`. Rejects with TOOL_MISSING, KUBE_*,
 * POD_NOT_STARTED, NODE_UNREACHABLE or INTERRUPTED; what was made is then taken away.
 */
export async function openCliDebug(recipe: CliRecipe, options: KubeConnectOptions): Promise<NodeAccess> {
  const { node, via, setup, container } = recipe;
  const { api, lease, signal } = options;
  const deadline = Date.now() + options.connectTimeoutMs;
  const env = buildCliEnv(setup.ref, process.env);
  const started = await startDebug(recipe, { env, deadline, signal });
  const { pod } = started;
  const made: { job: ObjectRef | null } = { job: null };
  const dispose = (): Promise<readonly string[]> =>
    removeDebugPod(recipe, options, { started, job: made.job, env });
  try {
    const running = waitUntilRuns(
      api,
      { metadata: { namespace: setup.namespace, name: pod } },
      { node, deadline, signal, container },
    );
    made.job = await leaseDebugPod(recipe, options, pod);
    await running;
    const start = (argv: Argv, stdin: boolean): Argv => buildCliExec(setup, { pod, container, argv, stdin });
    const run = async (argv: Argv): Promise<ExecResult> => {
      const command = { node, argv, start: startLocally(start(argv, false), env), leased: false };
      const timeoutMs = Math.max(1, deadline - Date.now());
      const result = await runCommand(command, { timeoutMs, ...(signal === undefined ? {} : { signal }) });
      if (result.canceled) throw connectCanceled(node);
      if (result.timedOut) throw tooSlow(recipe, argv, timeoutMs);
      const end = readCliEnd(result, { node, program: setup.program, argv, stderr: result.stderr });
      return { ...result, exitCode: end.exitCode, stderr: end.stderr };
    };
    const place = await findPlace(recipe, run);
    return createRemoteAccess({
      ...{ node, via, dispose, maxCommands: MAX_COMMANDS },
      start: async (argv, processOptions) =>
        startProcess(start(argv, processOptions.stdin !== "closed"), { ...processOptions, env }),
      wrap: (argv) => wrapForPlace(place, ["env", ...buildMarkWords(lease), ...argv]),
      readEnd: (end, told) => readCliEnd(end, { node, program: setup.program, ...told }),
    });
  } catch (error) {
    await dispose();
    throw asHopbookError(error);
  }
}

async function findPlace(recipe: CliRecipe, run: (argv: Argv) => Promise<ExecResult>) {
  const { node, via, image = "of its own choice" } = recipe;
  try {
    return await findNodePlace({ node, via, image, run });
  } catch (error) {
    if (!(error instanceof HopbookError) || error.code !== "NODE_UNREACHABLE") throw error;
    const { code, message, where, detail } = error;
    throw new HopbookError(code, message, {
      ...(where && { where }),
      ...(detail === undefined ? {} : { detail }),
      hint: recipe.entryHint,
      cause: error,
    });
  }
}

function tooSlow({ node, setup }: CliRecipe, argv: Argv, timeoutMs: number): HopbookError {
  const message = `Cannot run a command on ${node}: ${setup.program} exec did not end within ${timeoutMs} ms`;
  return new HopbookError("NODE_UNREACHABLE", message, { where: { node, argv } });
}
