import { dirname } from "node:path";
import type { SandboxOptions, SandboxProcess, ScriptModule } from "../model/sandbox.js";
import { findDeno } from "./deno.js";
import { Tail } from "../process/growing-buffer.js";
import { createLineQueue } from "../process/lines.js";
import { signalGroup } from "../process/group.js";
import { startProcess } from "../process/start.js";
import { buildRunArgv, buildSandboxEnv, buildWatched } from "./argv.js";
import type { SandboxGuest } from "./folder.js";
import { localise, sealScript } from "./seal.js";

const MAX_SANDBOX_LINE_BYTES = 8 * 1024 * 1024;
/** A script that says more than this in all is stopped. */
const MAX_SANDBOX_OUTPUT_BYTES = 512 * 1024 * 1024;
const HIGH_WATER_BYTES = 4 * 1024 * 1024;
const STDERR_KEPT_BYTES = 64 * 1024;

/**
 * Starts a script in Deno with no permission at all, from a private copy that holds nothing but what it imports from
 * its own folder. It ends when its stdin does, when hopbook does, at a line or an output without measure, and at the
 * signal. Throws TOOL_MISSING, FILE_UNREADABLE, DOCUMENT_INVALID, or INTERRUPTED.
 */
export async function startSandbox(options: SandboxOptions, guest: SandboxGuest): Promise<SandboxProcess> {
  findDeno();
  const { file, memoryBytes, signal } = options;
  const { folder, modules } = await sealScript(file, { guest, signal });
  const stderr = new Tail(STDERR_KEPT_BYTES);
  let outputBytes = 0;
  let limitHit = "";
  const give = (why: string): void => {
    limitHit ||= why;
    void child.stop("killed");
  };
  const queue = createLineQueue({
    highWaterBytes: HIGH_WATER_BYTES,
    maxLineBytes: MAX_SANDBOX_LINE_BYTES + 1,
    onFull: () => child.pauseStdout(),
    onDrained: () => child.resumeStdout(),
  });
  const child = startProcess(buildWatched(buildRunArgv(folder, memoryBytes), folder), {
    env: buildSandboxEnv(folder),
    stdin: "open",
    signal,
    onStdout: (chunk) => {
      if (limitHit !== "") return;
      outputBytes += chunk.length;
      if (outputBytes > MAX_SANDBOX_OUTPUT_BYTES) give("it wrote more than 512 MiB");
      else queue.push(chunk);
    },
    onStderr: (chunk) => {
      stderr.push(chunk);
      outputBytes += chunk.length;
      if (outputBytes > MAX_SANDBOX_OUTPUT_BYTES) give("it wrote more than 512 MiB");
    },
  });
  const done = child.done.then((end) => {
    // The watcher of the group goes with it.
    if (child.pid !== undefined) signalGroup(child.pid, "SIGKILL");
    queue.close();
    folder.remove();
    if (end.startError !== null) limitHit ||= `it could not be started: ${end.startError.message}`;
    return { exitCode: end.exitCode, signal: end.signal };
  });
  async function* readLines(): AsyncGenerator<string> {
    for await (const line of queue.lines) {
      if (limitHit !== "") return;
      if (line.length > MAX_SANDBOX_LINE_BYTES) return give("it wrote a line of more than 8 MiB");
      yield line;
    }
  }
  return {
    modules,
    localise: (text) => localise(text, folder, dirname(file)),
    writeLine: async (line) => void (await child.writeTaken(`${line}\n`)),
    lines: readLines(),
    stderrText: () => [stderr.bytes().toString("utf8"), limitHit].filter((text) => text !== "").join("\n"),
    done,
    kill: async () => {
      child.end();
      await child.stop("killed");
      await done;
    },
  };
}

/** What a script is made of, without starting it. Throws what `startSandbox` throws. */
export async function inspectScript(
  options: Pick<SandboxOptions, "file" | "signal">,
  guest: SandboxGuest,
): Promise<readonly ScriptModule[]> {
  findDeno();
  const { folder, modules } = await sealScript(options.file, { guest, signal: options.signal });
  folder.remove();
  return modules;
}
