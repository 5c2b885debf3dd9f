import { constants } from "node:fs";
import { open, realpath } from "node:fs/promises";
import { basename, dirname, isAbsolute, join } from "node:path";
import { HopbookError } from "../errors.js";
import { fileReason } from "../files/failure.js";
import type { StepContext } from "../model/steps.js";
import type { Params } from "./params.js";

/** What the engine does on this machine for a script that was granted it: never more, and never without an end. */

const MAX_FILE_BYTES = 4 * 1024 * 1024;
const MAX_PATH_CHARS = 4096;

/** Asks for the file's real path: a link in a granted folder grants nothing elsewhere. */
export async function readFileForScript(params: Params, context: StepContext): Promise<string> {
  const asked = pathOf(params);
  const path = await realpath(asked).catch(() => asked);
  context.demand({ kind: "read", path });
  return attempt("read", asked, async () => {
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    try {
      const info = await handle.stat();
      if (!info.isFile()) throw new Error("it is no regular file");
      const bytes = Buffer.alloc(MAX_FILE_BYTES + 1);
      let length = 0;
      for (;;) {
        const { bytesRead } = await handle.read(bytes, length, bytes.length - length);
        length += bytesRead;
        if (length > MAX_FILE_BYTES) throw new Error("it has more than 4 MiB");
        if (bytesRead === 0) return bytes.subarray(0, length).toString("utf8");
      }
    } finally {
      await handle.close();
    }
  });
}

export async function writeFileForScript(params: Params, context: StepContext): Promise<null> {
  const asked = pathOf(params);
  const text = params.text("text", MAX_FILE_BYTES);
  const dir = await realpath(dirname(asked)).catch(() => dirname(asked));
  const path = join(dir, basename(asked));
  context.demand({ kind: "write", path });
  return attempt("write", asked, async () => {
    // A link at the end is not followed, and a pipe or a device is not waited for.
    const { O_WRONLY, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
    const handle = await open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
    try {
      const info = await handle.stat();
      if (!info.isFile()) throw new Error("it is no regular file");
      await handle.truncate(0);
      await handle.writeFile(text);
      return null;
    } finally {
      await handle.close();
    }
  });
}

/** A request as it is asked for: no redirect is followed, since where it leads was not granted. */
export async function fetchForScript(
  params: Params,
  { context, signal }: { readonly context: StepContext; readonly signal: AbortSignal },
): Promise<unknown> {
  const text = params.text("url", 8192);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new HopbookError(
      "SCRIPT_FAILED",
      `Cannot fetch ${JSON.stringify(text)}: it is no http or https URL`,
    );
  }
  const port = url.port === "" ? (url.protocol === "http:" ? 80 : 443) : Number(url.port);
  context.demand({ kind: "net", host: url.hostname.replace(/^\[|\]$/g, ""), port });
  const headers = params.has("headers") ? Object.entries(params.record("headers")) : [];
  return attempt("fetch", text, async () => {
    const response = await fetch(url, {
      method: params.has("method") ? params.text("method", 20) : "GET",
      headers: headers.map(([name, value]): [string, string] => [name, String(value)]),
      ...(params.has("body") ? { body: params.text("body", MAX_FILE_BYTES) } : {}),
      redirect: "manual",
      signal,
    });
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of response.body ?? []) {
      const part = chunk as Uint8Array;
      bytes += part.length;
      if (bytes > MAX_FILE_BYTES) throw new Error("its answer has more than 4 MiB");
      chunks.push(part);
    }
    const answered = Object.fromEntries([...response.headers].slice(0, 200));
    return { status: response.status, headers: answered, text: Buffer.concat(chunks).toString("utf8") };
  });
}

function pathOf(params: Params): string {
  const path = params.text("path", MAX_PATH_CHARS);
  if (isAbsolute(path) && !path.includes("\0") && !path.split("/").includes("..")) return path;
  throw new HopbookError(
    "SCRIPT_FAILED",
    `Cannot use the path ${JSON.stringify(path)}: it is not absolute and plain`,
    {
      hint: "Write it from the root, with no .. in it",
    },
  );
}

async function attempt<T>(verb: string, what: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : "";
    const message = `Cannot ${verb} ${what} for the script: ${fileReason(error)}${cause}`;
    throw new HopbookError("SCRIPT_FAILED", message, { cause: error });
  }
}
