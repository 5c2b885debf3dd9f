import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { HopbookError } from "../errors.js";
import type { Argv } from "../model/access.js";
import type { CaptureRecord } from "../model/evidence.js";
import { findNodesFile } from "../model/node-files.js";
import type { PacketRecord } from "../model/sandbox.js";
import type { StepContext } from "../model/steps.js";
import { fetchForScript, readFileForScript, writeFileForScript } from "./local.js";
import { Params } from "./params.js";
import type { CallHandler, CallHandlers } from "./session.js";

const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;
const MAX_ARTIFACTS_BYTES = 64 * 1024 * 1024;
const MAX_CURSORS = 16;
const PACKETS_PER_REPLY = 500;
const ARTIFACT_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,79}(\.[A-Za-z0-9_-]{1,20}){0,3}$/;

/** Where a command of a script runs. */
export interface ScriptPlace {
  readonly node: string;
  /** Path of the network namespace to enter; null: the node's own. */
  readonly enter: string | null;
  readonly ip: string | null;
}

interface HandlerOptions {
  /** `namespace/name` → where its commands run. */
  readonly findPod: (name: string) => Promise<ScriptPlace>;
  readonly timeoutMs: number;
}

/**
 * What a script can call. Commands go through the step's own ways in, with the action that they fit, so the
 * permission guard decides on each; what is of this machine is demanded of the same policy first.
 */
export function createHandlers(context: StepContext, options: HandlerOptions): CallHandlers {
  const pods = new Map<string, Promise<ScriptPlace>>();
  const findPod = (name: string): Promise<ScriptPlace> => {
    const known = pods.get(name) ?? options.findPod(name);
    pods.set(name, known);
    known.catch(() => pods.delete(name));
    return known;
  };
  const run = runCommand(context, { ...options, findPod });
  return new Map<string, CallHandler>([
    ["exec", run],
    [
      "pod",
      async (given) => {
        const name = new Params("pods.get", given).text("name", 320);
        const { node, ip } = await findPod(name);
        return { name, node, ips: ip === null ? [] : [ip] };
      },
    ],
    [
      "run",
      async (given) => {
        const params = new Params("run", given);
        const uses = params.text("uses", 100);
        if (uses === "script/run") throw new HopbookError("SCRIPT_FAILED", "A script cannot run a script");
        return context.invoke(uses, { ...params.record("with") });
      },
    ],
    ["file.read", (given) => readFileForScript(new Params("readFile", given), context)],
    ["file.write", (given) => writeFileForScript(new Params("writeFile", given), context)],
    ["fetch", (given, signal) => fetchForScript(new Params("fetch", given), { context, signal })],
    [
      "env",
      (given) => {
        const name = new Params("readEnv", given).text("name", 256);
        context.demand({ kind: "env", name });
        return Promise.resolve(process.env[name] ?? null);
      },
    ],
    ...artifactHandlers(context),
    ...captureHandlers(context),
  ]);
}

function runCommand(context: StepContext, options: HandlerOptions): CallHandler {
  return async (given, signal) => {
    const params = new Params("a command", given);
    const words = params.argv("argv");
    const place = params.has("pod")
      ? await options.findPod(params.text("pod", 320))
      : { node: params.text("node", 320), enter: null };
    const { node, enter } = place;
    const fault = enter === null ? undefined : findNodesFile(words, params.text("pod", 320));
    if (fault !== undefined) throw new HopbookError("INPUT_INVALID", fault.message, { hint: fault.hint });
    const argv: Argv = enter === null ? words : ["nsenter", `--net=${enter}`, "--", ...words];
    const access = context.accesses.get(node);
    if (access === undefined) {
      throw (
        context.unreachable.get(node) ??
        new HopbookError("TARGET_NOT_FOUND", `Cannot run a command on ${node}: there is no node of that name`)
      );
    }
    const result = await access.exec(argv, {
      action: context.actionOf(argv),
      timeoutMs: options.timeoutMs,
      maxOutputBytes: MAX_OUTPUT_BYTES,
      signal,
    });
    if (result.truncated) {
      throw new HopbookError(
        "COMMAND_FAILED",
        `Cannot keep what ${words[0]} on ${node} printed: over 4 MiB`,
        {
          hint: "Ask the command for less",
        },
      );
    }
    const { exitCode, durationMs } = result;
    const text = { stdout: result.stdout.toString("utf8"), stderr: result.stderr.toString("utf8") };
    return { node, argv: words, exitCode, ...text, durationMs };
  };
}

function artifactHandlers(context: StepContext): [string, CallHandler][] {
  const written = new Set<string>();
  let bytes = 0;
  const pathOf = (params: Params): string => {
    const name = params.text("name", 200);
    if (ARTIFACT_NAME.test(name) && name !== "source")
      return `evidence/script/${context.evidenceName}/${name}`;
    throw new HopbookError(
      "SCRIPT_FAILED",
      `Cannot keep ${JSON.stringify(name)}: that is no name of an artifact`,
      {
        hint: "Use letters, digits, dashes and dots, such as resets.json; folders are not for scripts",
      },
    );
  };
  return [
    [
      "artifact.write",
      async (given) => {
        const params = new Params("artifacts.write", given);
        const path = pathOf(params);
        const text = params.text("text", MAX_ARTIFACTS_BYTES);
        bytes += Buffer.byteLength(text);
        if (bytes > MAX_ARTIFACTS_BYTES) {
          throw new HopbookError("SCRIPT_FAILED", `Cannot write ${path}: a script keeps at most 64 MiB`);
        }
        await context.sink.writeText(path, text);
        written.add(path);
        return path;
      },
    ],
    [
      "artifact.read",
      async (given) => {
        const path = pathOf(new Params("artifacts.read", given));
        if (written.has(path)) return readFile(join(context.sink.dir, path), "utf8");
        throw new HopbookError("SCRIPT_FAILED", `Cannot read ${path}: this script has not written it`);
      },
    ],
  ];
}

function captureHandlers(context: StepContext): [string, CallHandler][] {
  const cursors = new Map<number, AsyncIterator<PacketRecord>>();
  let last = 0;
  return [
    ["captures", () => listCaptures(context)],
    [
      "packets.open",
      async (given) => {
        const pcap = new Params("packets", given).text("pcap", 1000);
        const known = (await listCaptures(context)).some((capture) => capture.pcap === pcap);
        if (!known)
          throw new HopbookError(
            "SCRIPT_FAILED",
            `Cannot read ${pcap}: no capture of this run has that path`,
          );
        if (cursors.size >= MAX_CURSORS) {
          throw new HopbookError("SCRIPT_FAILED", `Cannot read more than ${MAX_CURSORS} captures at once`);
        }
        last += 1;
        cursors.set(last, context.readPackets(pcap)[Symbol.asyncIterator]());
        return last;
      },
    ],
    [
      "packets.next",
      async (given) => {
        const packets: PacketRecord[] = [];
        const cursor = cursors.get(new Params("packets", given).count("cursor"));
        while (cursor !== undefined && packets.length < PACKETS_PER_REPLY) {
          const next = await cursor.next();
          if (next.done === true) return { packets, more: false };
          packets.push(next.value);
        }
        return { packets, more: cursor !== undefined };
      },
    ],
    [
      "packets.close",
      async (given) => {
        const id = new Params("packets", given).count("cursor");
        await cursors.get(id)?.return?.();
        cursors.delete(id);
        return null;
      },
    ],
  ];
}

async function listCaptures(context: StepContext): Promise<readonly CaptureRecord[]> {
  try {
    const text = await readFile(join(context.sink.dir, "evidence/captures.json"), "utf8");
    const { captures } = JSON.parse(text) as { captures: readonly CaptureRecord[] };
    return captures.filter(({ pcap }) => pcap !== null);
  } catch {
    return []; // nothing was captured yet
  }
}
