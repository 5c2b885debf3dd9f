import { join } from "node:path";
import type { Argv } from "../model/access.js";
import { findDeno } from "./deno.js";
import { BARE_ENV } from "../process/environment.js";
import type { SandboxFolder } from "./folder.js";

/** Beside the script's own heap: the program itself, its threads' stacks, buffers. */
const HEADROOM_BYTES = 768 * 1024 * 1024;
const MOST_OPEN_FILES = 256;

/**
 * Runs its arguments, `PID DIR ARGV`. When PID has ended it kills them, since a script in an endless loop does not see
 * that its stdin has, and removes DIR, which is the sandbox's folder. The watcher ends within a second of them, and
 * with their group. Constant POSIX sh.
 */
const WATCH_SCRIPT = `owner=$1 dir=$2 own=$$
shift 2
( while kill -0 "$owner" 2>/dev/null; do sleep 1; kill -0 "$own" 2>/dev/null || exit 0; done
  kill -9 "$own"
  rm -rf -- "$dir" ) </dev/null >/dev/null 2>&1 &
exec "$@"`;

/** No cache, no update check, no colours, and no folder of the operator's: the environment is this and no more. */
export function buildSandboxEnv(folder: SandboxFolder): Record<string, string> {
  // A path below a file: Deno cannot make its folder there, and keeps its caches in memory.
  return { ...BARE_ENV, DENO_DIR: join(folder.importMap, "none"), DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" };
}

const CLOSED = ["--no-config", "--no-lock", "--no-npm", "--no-remote", "--deny-import"] as const;
const DENIED = ["read", "write", "net", "env", "sys", "run", "ffi"].map((scope) => `--deny-${scope}`);

/** The script itself: no permission, no compiler of machine code, a heap with an end. */
export function buildRunArgv(folder: SandboxFolder, memoryBytes: number): Argv {
  const heapMib = Math.max(16, Math.floor(memoryBytes / 1024 ** 2));
  // Without its compilers V8 has far fewer holes, and no WebAssembly, whose memory no heap limit counts.
  const engine = ["--jitless", "--freeze-flags-after-init", `--max-old-space-size=${heapMib}`].join(",");
  const options = ["--no-prompt", "--cached-only", "--no-code-cache", ...CLOSED, ...DENIED];
  const imports = `--import-map=${folder.importMap}`;
  return limit(
    [findDeno(), "run", ...options, `--v8-flags=${engine}`, imports, folder.main],
    memoryBytes + HEADROOM_BYTES,
  );
}

/** What a script imports, as JSON. Runs none of it. */
export function buildGraphArgv(folder: SandboxFolder): Argv {
  const options = [...CLOSED, "--json", `--import-map=${folder.importMap}`];
  return limit([findDeno(), "info", ...options, folder.main], 2 * HEADROOM_BYTES);
}

/** A command that ends with hopbook, and its folder with it. */
export function buildWatched(argv: Argv, folder: SandboxFolder): Argv {
  return ["sh", "-c", WATCH_SCRIPT, "hopbook-sandbox", String(process.pid), folder.dir, ...argv];
}

/** The kernel's limits, where there is prlimit(1): memory of every kind, no file written, no core dump. */
function limit(argv: Argv, memoryBytes: number): Argv {
  if (process.platform !== "linux") return argv;
  const limits = [`--data=${memoryBytes}`, "--fsize=0", "--core=0", `--nofile=${MOST_OPEN_FILES}`];
  return ["prlimit", ...limits, "--", ...argv];
}
