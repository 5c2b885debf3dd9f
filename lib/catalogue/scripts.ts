import { basename, resolve } from "node:path";
import { inspectScript, startSandbox } from "../sandbox/sandbox.js";
import { HopbookError } from "../errors.js";
import type { SandboxOptions, SandboxProcess, ScriptModule } from "../model/sandbox.js";
import { checkRunbook, parseRunbook, type Runbook } from "../runbook/index.js";
import { openScript, SCRIPT_GUEST } from "../script/index.js";
import { STEP_KINDS } from "../steps/registry.js";

const MEMORY_BYTES = 256 * 1024 * 1024;
const MAX_MANIFEST_CHARS = 1024 * 1024;
const LOAD_LIMIT_MS = 30_000;

/** What an error of a manifest shows: the file has no line for what its code made. */
const MANIFEST_KEYS = ["metadata", "inputs", "permissions", "checks", "timeout"] as const;

/** A script in its sandbox, with what speaks for it there. */
export function startScript(options: SandboxOptions): Promise<SandboxProcess> {
  return startSandbox(options, SCRIPT_GUEST);
}

/** Whether a file is a runbook in TypeScript or JavaScript, by its name. */
export function isScriptFile(file: string): boolean {
  return /\.(ts|mts|js|mjs)$/.test(file);
}

/**
 * Looks at every script of a runbook before a node is touched: that there is a sandbox, and that all that they import
 * is there and may be imported. All files of each, by the script's path. Throws TOOL_MISSING, FILE_UNREADABLE, DOCUMENT_INVALID at file:line:column.
 */
export async function checkScripts(
  runbook: Runbook,
  signal = AbortSignal.timeout(LOAD_LIMIT_MS),
): Promise<ReadonlyMap<string, readonly ScriptModule[]>> {
  const files = [...runbook.steps, ...runbook.finally].flatMap(({ uses, with: { file } }) =>
    uses === "script/run" && typeof file === "string" && !file.includes("${{") ? [file] : [],
  );
  const seen = new Map<string, readonly ScriptModule[]>();
  for (const file of new Set(files)) seen.set(file, await inspectScript({ file, signal }, SCRIPT_GUEST));
  return seen;
}

/**
 * Reads a runbook that is written in TypeScript: its module is evaluated in the sandbox, where it can call nothing,
 * and what it exports as `runbook` is held against the same schema as a YAML file. It becomes a runbook of one step
 * that runs the file. Throws what `startSandbox` does, SCRIPT_FAILED, or DOCUMENT_INVALID.
 */
export async function loadScriptRunbook(file: string, loadLimitMs?: number): Promise<Runbook> {
  const path = resolve(file);
  const manifest = await readManifest(path, loadLimitMs);
  if (manifest === null) throw invalid(path, 'it has no export "runbook"');
  return parseManifest(path, manifest);
}

/**
 * Checks a runbook in TypeScript, or a script of one, and says which of both it is. Throws as `loadScriptRunbook`.
 */
export async function checkScriptFile(file: string): Promise<"runbook" | "script"> {
  const path = resolve(file);
  const manifest = await readManifest(path);
  if (manifest === null) return "script";
  checkRunbook(parseManifest(path, manifest), [...STEP_KINDS.values()]);
  return "runbook";
}

async function readManifest(
  path: string,
  loadLimitMs?: number,
): Promise<Readonly<Record<string, unknown>> | null> {
  const signal = AbortSignal.timeout(LOAD_LIMIT_MS);
  const process = await startScript({ file: path, memoryBytes: MEMORY_BYTES, signal });
  // What it says while it is only read is nobody's business yet.
  const session = await openScript(process, {
    note: () => undefined,
    ...(loadLimitMs !== undefined && { loadLimitMs }),
  });
  await session.close();
  const { runbook: manifest } = session;
  if (manifest === null) return null;
  if (typeof manifest !== "object" || Array.isArray(manifest)) {
    throw invalid(path, 'its export "runbook" is no object');
  }
  const unknown = Object.keys(manifest).find((key) => !(MANIFEST_KEYS as readonly string[]).includes(key));
  if (unknown !== undefined)
    throw invalid(path, `its export "runbook" has the unknown key ${JSON.stringify(unknown)}`);
  return manifest as Readonly<Record<string, unknown>>;
}

/** The same runbook as YAML would say it; JSON is YAML. */
function parseManifest(file: string, { timeout, ...manifest }: Readonly<Record<string, unknown>>): Runbook {
  const step = { id: "script", script: `./${basename(file)}`, ...(timeout === undefined ? {} : { timeout }) };
  const document = { apiVersion: "hopbook.dev/v1", kind: "Runbook", ...manifest, steps: [step] };
  const text = `${JSON.stringify(document, null, 2)}\n`;
  if (text.length > MAX_MANIFEST_CHARS) throw invalid(file, 'its export "runbook" has more than 1 MiB');
  try {
    return parseRunbook(text, file);
  } catch (error) {
    if (!(error instanceof HopbookError) || error.code !== "DOCUMENT_INVALID") throw error;
    // Lines of the JSON that stands for the export are not lines of the file.
    const problems = (error.problems ?? []).map(({ message, suggestion }) =>
      suggestion === undefined ? message : `${message} (${suggestion})`,
    );
    throw invalid(
      file,
      'its export "runbook" is not valid',
      problems.length === 0 ? error.message : problems.join("\n"),
    );
  }
}

function invalid(file: string, why: string, detail?: string): HopbookError {
  return new HopbookError("DOCUMENT_INVALID", `Cannot read the runbook ${file}: ${why}`, {
    where: { file },
    hint: "export const runbook = defineRunbook({ metadata: { name, title }, inputs, permissions, checks })",
    ...(detail === undefined ? {} : { detail }),
  });
}
