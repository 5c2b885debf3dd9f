import { createHash } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import { open, rm, type FileHandle } from "node:fs/promises";
import { HopbookError } from "../../errors.js";
import { unwritable } from "../../files/failure.js";
import type { Argv, ExecOptions, ExecResult, PullResult } from "../../model/access.js";
import type { CommandOptions } from "../../process/command.js";

const SIZE_CHECK_MS = 100;
const DETAIL_BYTES = 2_000;

interface PullRecipe {
  readonly node: string;
  readonly remotePath: string;
  readonly localPath: string;
  readonly options: ExecOptions;
  run(argv: Argv, options: CommandOptions): Promise<ExecResult>;
}

/**
 * Copies a file from a node: `cat -- PATH` there writes straight into the local file, so no byte passes
 * through this process's memory but those that are hashed, 64 KiB at a time, when it is there. Through the cluster's API
 * they pass through here, and are hashed on their way.
 *
 * The file is 0600. On failure what came is kept (an empty file is removed) and COMMAND_FAILED or
 * COMMAND_TIMEOUT says why. `maxOutputBytes` bounds the file; without it only the node's file does.
 */
export async function pullFile(recipe: PullRecipe): Promise<PullResult> {
  const argv: Argv = ["cat", "--", recipe.remotePath];
  const file = await openLocal(recipe.localPath);
  const tooBig = new AbortController();
  const watch = watchSize(file, recipe.options.maxOutputBytes, tooBig);
  try {
    const signals = [tooBig.signal, ...(recipe.options.signal === undefined ? [] : [recipe.options.signal])];
    const { timeoutMs } = recipe.options;
    const signal = AbortSignal.any(signals);
    const hash = createHash("sha256");
    let hashedBytes = 0;
    const onWritten = (chunk: Buffer): void => {
      hash.update(chunk);
      hashedBytes += chunk.length;
    };
    const result = await recipe.run(argv, { timeoutMs, signal, stdoutFd: file.fd, onWritten });
    const { size } = await file.stat();
    const over = size > (recipe.options.maxOutputBytes ?? Infinity);
    if (result.exitCode === 0 && !over) {
      const sha256 = hashedBytes === size ? hash.digest("hex") : await hashFile(recipe.localPath);
      return { bytes: size, sha256 };
    }
    throw pullFailed(recipe, result, over);
  } catch (error) {
    if ((await file.stat()).size === 0) await rm(recipe.localPath, { force: true });
    throw error;
  } finally {
    clearInterval(watch);
    await file.close();
  }
}

async function openLocal(localPath: string): Promise<FileHandle> {
  try {
    const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW, O_NONBLOCK } = constants;
    const file = await open(localPath, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK, 0o600);
    await file.chmod(0o600); // a file that was there before keeps its mode otherwise
    return file;
  } catch (error) {
    throw unwritable(localPath, error, { elsewhere: "a folder that can be written" });
  }
}

function watchSize(
  file: FileHandle,
  maxBytes: number | undefined,
  tooBig: AbortController,
): NodeJS.Timeout | undefined {
  if (maxBytes === undefined) return undefined;
  return setInterval(() => {
    file.stat().then(
      ({ size }) => size > maxBytes && tooBig.abort(),
      () => undefined, // closed in the meantime: the pull has ended
    );
  }, SIZE_CHECK_MS);
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

function pullFailed(recipe: PullRecipe, result: ExecResult, over: boolean): HopbookError {
  const reason = over
    ? `it is larger than ${recipe.options.maxOutputBytes} bytes`
    : result.timedOut
      ? `it was not done after ${recipe.options.timeoutMs} ms`
      : result.canceled
        ? "it was canceled"
        : result.exitCode === null
          ? `signal ${result.signal ?? "unknown"} ended it`
          : `exit code ${result.exitCode}`;
  return new HopbookError(
    result.timedOut ? "COMMAND_TIMEOUT" : "COMMAND_FAILED",
    `Cannot copy ${JSON.stringify(recipe.remotePath)} from node ${recipe.node}: ${reason}`,
    {
      where: { node: recipe.node, argv: result.argv },
      detail: result.stderr.toString("utf8").slice(-DETAIL_BYTES),
    },
  );
}
