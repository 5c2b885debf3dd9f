import { HopbookError } from "../errors.js";
import { runCommand, startLocally } from "../process/command.js";
import { buildGraphArgv, buildSandboxEnv } from "./argv.js";
import type { SandboxFolder } from "./folder.js";

const GRAPH_TIMEOUT_MS = 20_000;
const MAX_GRAPH_BYTES = 16 * 1024 * 1024;

/** A line and column, from 0. */
interface Position {
  readonly line: number;
  readonly character: number;
}

interface Resolution {
  readonly specifier?: string;
  readonly error?: string;
  readonly span?: { readonly start?: Position };
}

interface Dependency {
  readonly specifier: string;
  readonly code?: Resolution;
  readonly type?: Resolution;
}

interface GraphModule {
  readonly specifier: string;
  readonly error?: string;
  readonly dependencies?: readonly Dependency[];
}

/** One import as it is written, and the URL that it stands for; null where it stands for none. */
export interface ScriptImport {
  readonly from: string;
  readonly written: string;
  readonly url: string | null;
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

export interface ScriptGraph {
  /** Of the script's own modules only. */
  readonly imports: readonly ScriptImport[];
  /** By URL: why a module that is there cannot be used, in Deno's words. */
  readonly faults: ReadonlyMap<string, string>;
}

/** What the script in a sandbox's folder imports, as Deno itself would resolve it there. Runs none of it. */
export async function readScriptGraph(folder: SandboxFolder, signal: AbortSignal): Promise<ScriptGraph> {
  const argv = buildGraphArgv(folder);
  const command = {
    node: "this machine",
    argv,
    start: startLocally(argv, buildSandboxEnv(folder)),
    leased: false,
  };
  const result = await runCommand(command, {
    timeoutMs: GRAPH_TIMEOUT_MS,
    maxOutputBytes: MAX_GRAPH_BYTES,
    signal,
  });
  if (result.canceled) throw new HopbookError("INTERRUPTED", "Cannot read the script: interrupted");
  const graph = result.exitCode === 0 ? parseGraph(result.stdout.toString("utf8")) : undefined;
  if (graph !== undefined) return selectScript(graph, folder.scriptUrl);
  const missing = result.exitCode === 127;
  throw new HopbookError(
    missing ? "TOOL_MISSING" : "SCRIPT_FAILED",
    missing ? "Cannot run a script: prlimit is missing here" : "Cannot read what the script imports",
    {
      hint: missing ? "Install util-linux" : "Make the script smaller; see what deno said below",
      detail: result.stderr.toString("utf8").slice(-2000),
    },
  );
}

function parseGraph(text: string): readonly GraphModule[] | undefined {
  try {
    const { modules } = JSON.parse(text) as { modules?: unknown };
    return Array.isArray(modules) ? (modules as GraphModule[]) : undefined;
  } catch {
    return undefined;
  }
}

function selectScript(modules: readonly GraphModule[], scriptUrl: string): ScriptGraph {
  const own = modules.filter(({ specifier }) => specifier.startsWith(scriptUrl));
  const imports = own.flatMap(({ specifier: from, dependencies = [] }) =>
    dependencies.flatMap(({ specifier: written, code, type }) =>
      [code, type].flatMap((resolved): ScriptImport[] => {
        if (resolved === undefined) return [];
        const { line = 0, character = 0 } = resolved.span?.start ?? {};
        return [{ from, written, url: resolved.specifier ?? null, line: line + 1, column: character + 1 }];
      }),
    ),
  );
  return {
    imports,
    faults: new Map(own.flatMap(({ specifier, error }) => (error === undefined ? [] : [[specifier, error]]))),
  };
}
