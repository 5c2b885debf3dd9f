import { HopbookError, type ErrorPlace } from "../errors.js";
import type { SandboxProcess } from "../model/sandbox.js";
import { visibleLines } from "../model/visible.js";

const DETAIL_LINES = 12;

/** SCRIPT_FAILED for what the script threw, at the place of its own that stands first in the stack. */
export function describeFailure(
  process: SandboxProcess,
  { message, stack }: { readonly message: string; readonly stack: string },
): HopbookError {
  const frames = process.localise(stack);
  const where = findPlace(process, frames);
  // Deno's advice to add a flag to its command line is none here.
  const plain = process.localise(message).replace(/, run again with the --allow-\w+ flag/g, "");
  const [first = "", ...rest] = plain.split("\n");
  const isDenied = /NotCapable|Requires \w+ access/.test(first);
  const detail = [...rest, ...frames.split("\n").filter((line) => isOwnFrame(process, line))];
  return new HopbookError("SCRIPT_FAILED", `Cannot finish the script: ${visibleLines(first)}`, {
    where,
    ...(isDenied
      ? { hint: "Ask the engine: hb.readFile, hb.fetch, hb.node(NAME).$; the sandbox allows nothing" }
      : {}),
    ...(detail.length === 0 ? {} : { detail: visibleLines(detail.slice(0, DETAIL_LINES).join("\n")) }),
  });
}

/** SCRIPT_FAILED for a sandbox that ended, or was ended, without a word. */
export async function describeEnd(process: SandboxProcess): Promise<HopbookError> {
  const { exitCode, signal } = await process.done;
  const said = process.localise(process.stderrText()).trimEnd();
  const memory = /out of memory|heap limit|allocation failed/i.test(said);
  const limit = /^it (wrote|could not be started).*/m.exec(said)?.[0];
  const end = signal === null ? `exit code ${exitCode ?? "unknown"}` : signal;
  return new HopbookError(
    "SCRIPT_FAILED",
    `Cannot finish the script: ${limit ?? (memory ? "it used up its memory" : `its sandbox ended by itself (${end})`)}`,
    {
      where: { file: process.modules[0]?.file ?? "" },
      ...(memory
        ? { hint: "Keep less at once: read packets one by one, write what is done with hb.artifacts" }
        : {}),
      ...(said === "" || memory
        ? {}
        : { detail: visibleLines(said.split("\n").slice(-DETAIL_LINES).join("\n")) }),
    },
  );
}

/** SCRIPT_FAILED in general, at the script's file. */
export function failScript(process: SandboxProcess, why: string, hint?: string): HopbookError {
  return new HopbookError("SCRIPT_FAILED", `Cannot finish the script: ${why}`, {
    where: { file: process.modules[0]?.file ?? "" },
    ...(hint === undefined ? {} : { hint }),
  });
}

function findPlace(process: SandboxProcess, frames: string): ErrorPlace {
  for (const line of frames.split("\n")) {
    const match = /\(?(\/[^()]*):(\d+):(\d+)\)?$/.exec(line.trim());
    const file = process.modules.find(
      (module) => module.file === match?.[1] || encodeURI(module.file) === match?.[1],
    );
    if (match !== null && file !== undefined) {
      return { file: file.file, line: Number(match[2]), column: Number(match[3]) };
    }
  }
  return { file: process.modules[0]?.file ?? "" };
}

function isOwnFrame(process: SandboxProcess, line: string): boolean {
  return /^\s*at /.test(line) && process.modules.some(({ file }) => line.includes(file));
}
