import { write } from "node:fs";
import { promisify } from "node:util";
import type { Argv, ExecResult } from "../../model/access.js";
import type { CommandOptions } from "../../process/command.js";
import { createSlots } from "../../process/slots.js";
import { toExecResult, type Shells } from "./shells.js";

/** What is larger has a session of its own: so much of it comes twice. */
const SMALL_BYTES = 128 * 1024;

const writeAt = promisify(write);

type RunToFile = (argv: Argv, options: CommandOptions) => Promise<ExecResult>;

/**
 * Runs what prints a file: a small one comes through a shell, one after the other, since most captures of a node are small
 * and a session for each takes longer than they do. null from `small`: it is not small, or no shell was free.
 */
export function pullSmallFirst(
  { node, shells }: { readonly node: string; readonly shells: Shells },
  runInSession: RunToFile,
): RunToFile {
  const turns = createSlots(1);
  const small = async (argv: Argv, options: CommandOptions): Promise<ExecResult | null> => {
    const { stdoutFd, onWritten, timeoutMs, signal } = options;
    if (stdoutFd === undefined) return null;
    const startedAt = new Date();
    const release = await turns.acquire({ waitMs: timeoutMs, signal });
    if (release === null) return null;
    try {
      const result = await shells.run(argv, { ...options, maxOutputBytes: SMALL_BYTES });
      if (result?.how !== "ended" || result.truncated || result.exitCode === null) return null;
      await writeAll(stdoutFd, result.stdout);
      onWritten?.(result.stdout);
      return { ...toExecResult(result, { node, argv, startedAt }), stdout: Buffer.alloc(0) };
    } finally {
      release();
    }
  };
  return async (argv, options) => (await small(argv, options)) ?? runInSession(argv, options);
}

async function writeAll(fd: number, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length;) at += (await writeAt(fd, bytes, at, bytes.length - at)).bytesWritten;
}
