import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openStream } from "../../lib/access/streams/stream.js";
import { openRelay } from "../../lib/access/relay/shell.js";
import { messageOf } from "../../lib/errors.js";
import type { Argv } from "../../lib/model/access.js";
import { BARE_ENV } from "../../lib/process/environment.js";
import { runCommand, type Command } from "../../lib/process/command.js";
import { createLineQueue } from "../../lib/process/lines.js";
import { startProcess, type LocalProcess } from "../../lib/process/start.js";
import { startSandbox } from "../../lib/sandbox/sandbox.js";
import { openScript, SCRIPT_GUEST } from "../../lib/script/index.js";
import type { CallHandler } from "../../lib/script/session.js";

/** Reads one untrusted input, for bounded.slow.test.ts, and prints as JSON what it came to and what it cost. */

const HEAD = "apiVersion: hopbook.dev/v1\nkind: Runbook\nmetadata: {name: many}\n";

async function checkText(folder: string, text: string): Promise<string> {
  const file = join(folder, "many.yaml");
  writeFileSync(file, text);
  // Only where it is wanted: it takes longer to load than most of this to run.
  const { hopbook } = await import("../cli/helpers.js");
  const { code, out, err } = await hopbook(["check", file]);
  return `${code} ${out}${err}`;
}

const times = (count: number, of: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => of(index)).join(",");

/** A script in its sandbox, whose calls are answered by one handler. */
async function runScript(
  folder: string,
  text: string,
  handler: CallHandler,
  timeoutMs = 60_000,
): Promise<string> {
  const file = join(folder, "main.ts");
  writeFileSync(file, text);
  const { signal } = new AbortController();
  const sandbox = await startSandbox({ file, memoryBytes: 256 * 1024 ** 2, signal }, SCRIPT_GUEST);
  const session = await openScript(sandbox, { note: () => undefined });
  const start = { inputs: {}, env: {}, steps: {}, cluster: "c", runId: "r", nodes: [] };
  const handlers = new Map([
    ["artifact.read", handler],
    ["artifact.write", handler],
  ]);
  return String(await session.run({ start, handlers, timeoutMs }));
}

/** A node whose shell tells of a frame and fills it. */
async function hearRelay(frame: string): Promise<string> {
  const script = `printf 'hopbook-relay ready\\n'; read -r line; printf 'hopbook-relay 1 ${frame}\\n'; exec head -c 260000000 /dev/zero`;
  const start = async (argv: Argv, options: object): Promise<LocalProcess> =>
    startProcess(argv, { stdin: "open", ...options, env: BARE_ENV });
  const relay = await openRelay(start, ["sh", "-c", script]);
  const { signal } = new AbortController();
  const result = await relay?.run(["true"], { timeoutMs: 5000, maxOutputBytes: 1000, signal });
  await relay?.close();
  return result?.how ?? "no relay";
}

const SINGLY = 1_500_000;

/** Output that comes a byte at a time, as through a connection that carries each write by itself. */
async function hearSingly(name: "stdout" | "stderr"): Promise<string> {
  const command: Command = {
    ...{ node: "node-a", argv: ["x"], leased: false },
    start: ({ onStdout, onStderr }) => {
      const push = name === "stdout" ? onStdout : onStderr;
      for (let count = 0; count < SINGLY; count++) push?.(Buffer.from(new Uint8Array([120]).buffer));
      return startProcess(["true"], { stdin: "closed", env: BARE_ENV });
    },
  };
  const result = await runCommand(command, { timeoutMs: 5000 });
  return `kept ${result[name].length}`;
}

/** The same of a stream's stderr, of which the end is kept. */
async function hearTail(): Promise<string> {
  const stream = openStream({
    ...{ node: "node-a", argv: ["x"] },
    start: async ({ onStderr }) => {
      for (let count = 0; count < SINGLY; count++) onStderr(Buffer.from(new Uint8Array([120]).buffer));
      return startProcess(["true"], { stdin: "closed", env: BARE_ENV });
    },
    judge: (_, stderr) => ({ end: { exitCode: 0, signal: null, transportLost: false }, stderr }),
  });
  await stream.done;
  return `kept ${stream.stderrText().length}`;
}

/** The same of a line that does not end. */
async function hearLine(): Promise<string> {
  const queue = createLineQueue({
    highWaterBytes: 2 ** 20,
    maxLineBytes: 2 ** 23,
    onFull: () => undefined,
    onDrained: () => undefined,
  });
  for (let count = 0; count < SINGLY; count++) queue.push(Buffer.from(new Uint8Array([120]).buffer));
  queue.close();
  let chars = 0;
  for await (const line of queue.lines) chars += line.length;
  return `kept ${chars}`;
}

const INPUTS: Readonly<Record<string, (folder: string) => Promise<string>>> = {
  "aliases of one long list": (folder) =>
    checkText(
      folder,
      `${HEAD}labels: &l [${times(60_000, () => "x")}]\nsteps: [${times(100, () => "*l")}]\n`,
    ),
  "aliases without number": (folder) =>
    checkText(folder, `${HEAD}labels: &l x\nsteps: [${times(60_000, () => "*l")}]\n`),
  "anchors without number": (folder) =>
    checkText(folder, `${HEAD}steps: [${times(60_000, (index) => `&a${index} x`)}]\n`),
  "a script that reads no answer": (folder) =>
    runScript(
      folder,
      `export default (hb: any) => { for (let at = 0; at < 250; at++) void hb.artifacts.read("a.txt"); for (;;) ; };`,
      async () => Buffer.alloc(8 * 1024 ** 2, "x").toString(),
      1500,
    ),
  "a script whose calls are large": (folder) =>
    runScript(
      folder,
      `export default (hb: any) => { for (let at = 0; at < 40; at++) void hb.artifacts.writeText("a.txt", "x".repeat(7e6)); return new Promise(() => {}); };`,
      () => new Promise(() => undefined),
    ),
  "stdout a byte at a time": () => hearSingly("stdout"),
  "stderr a byte at a time": () => hearSingly("stderr"),
  "a stream's stderr a byte at a time": hearTail,
  "a line a byte at a time": () => hearLine(),
  "a frame of the relay without measure": () => hearRelay("0 130000000 130000000"),
};

const [name = "", folder = ""] = process.argv.slice(2);
let result: string;
try {
  result = (await INPUTS[name]?.(folder)) ?? "no such input";
} catch (error) {
  result = messageOf(error);
}
const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
const cost = { cpuMs: Math.round((userCPUTime + systemCPUTime) / 1000), rssMiB: Math.round(maxRSS / 1024) };
process.stdout.write(JSON.stringify({ result: result.slice(0, 2000), ...cost }));
