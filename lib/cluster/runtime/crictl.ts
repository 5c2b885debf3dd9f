import { HopbookError } from "../../errors.js";
import type { Argv } from "../../model/access.js";
import type { GuardedAccess } from "../../model/guarded-access.js";
import { showTail } from "../names.js";
import { runOnNode } from "../run.js";
import { CHOOSE_ENDPOINT, PROGRAM_FOLDERS } from "./places.js";

/** crictl's own limit is 2 s and a busy node needs more; a runtime that takes longer than this for a list hangs. */
const LIST_TIMEOUT_MS = 5000;
/** An inspection asks the runtime once a sandbox. */
const INSPECT_TIMEOUT_MS = 20_000;

/**
 * Where crictl is and which endpoint it takes, without any value from outside: $1 is the endpoint of the
 * profile or empty. Without an endpoint crictl would try its deprecated list, slowly.
 */
const PRELUDE = `
PATH=$PATH:${PROGRAM_FOLDERS}
command -v crictl >/dev/null 2>&1 || { echo "crictl: not found" >&2; exit 127; }
endpoint=$1; shift
${CHOOSE_ENDPOINT}`;

/** $2…: crictl's arguments. */
export const RUN_SCRIPT = `${PRELUDE}exec crictl "$@"\n`;

/**
 * $2…: sandbox ids. One JSON text each, an ASCII record separator before it (RFC 7464). Of several, one may
 * have gone meanwhile: its text is empty and the others count.
 */
export const INSPECT_SCRIPT = `${PRELUDE}status=0
for id in "$@"; do
  printf '\\036'
  crictl inspectp -o json "$id" || status=$?
done
[ $# -gt 1 ] || exit $status
`;

const RECORD_SEPARATOR = "\u001e";

export interface CrictlOptions {
  /** `unix:///…`, or absent: found on the node. */
  readonly endpoint?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The command that asks for all of them. */
export function planList(what: "pods" | "ps", { endpoint = "" }: CrictlOptions): Argv {
  return ["sh", "-c", RUN_SCRIPT, "hopbook-crictl", endpoint, what, "-o", "json"];
}

/** `crictl pods|ps -o json`: its stdout. Throws TOOL_MISSING or RUNTIME_UNAVAILABLE. */
export async function listByCrictl(
  access: GuardedAccess,
  what: "pods" | "ps",
  options: CrictlOptions = {},
): Promise<string> {
  const argv = planList(what, options);
  return runCrictl(access, argv, { ...options, action: "runtime/pods", timeoutMs: LIST_TIMEOUT_MS });
}

/** `crictl inspectp` of sandboxes, in their order: one JSON text each. */
export async function inspectByCrictl(
  access: GuardedAccess,
  sandboxIds: readonly string[],
  options: CrictlOptions = {},
): Promise<string[]> {
  const argv: Argv = ["sh", "-c", INSPECT_SCRIPT, "hopbook-inspectp", options.endpoint ?? "", ...sandboxIds];
  const run = { action: "runtime/inspect", timeoutMs: INSPECT_TIMEOUT_MS };
  const text = await runCrictl(access, argv, { ...options, ...run });
  return text.split(RECORD_SEPARATOR).slice(1);
}

async function runCrictl(
  access: GuardedAccess,
  argv: Argv,
  options: CrictlOptions & { readonly action: string; readonly timeoutMs: number },
): Promise<string> {
  const result = await runOnNode(access, argv, {
    action: options.action,
    doing: "ask the container runtime",
    timeoutMs: options.timeoutMs,
    signal: options.signal,
  });
  if (result.exitCode === 0) return result.stdout.toString("utf8");
  const message = `Cannot ask the container runtime of ${access.node}: crictl's exit code is ${String(result.exitCode)}`;
  throw new HopbookError("RUNTIME_UNAVAILABLE", message, {
    where: { node: access.node, argv },
    hint: "check that the runtime runs, or name its socket in the profile as runtime.endpoint",
    detail: showTail(result.stderr.toString("utf8")),
  });
}
