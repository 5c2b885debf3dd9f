import type { Argv } from "../../model/access.js";
import type { GuardedAccess } from "../../model/guarded-access.js";
import { commandFailed, runOnNode } from "../run.js";
import { lookAtTools, TOOL_NAMES } from "../../linux/node/looks.js";

type ToolName = (typeof TOOL_NAMES)[number];

/** What a node has for a run. */
export interface NodeTools {
  readonly node: string;
  /** Path of each program; null where the node has none. */
  readonly paths: Readonly<Record<ToolName, string | null>>;
  /** First line of what the program says of its version, where it was asked. */
  readonly versions: Readonly<Partial<Record<ToolName, string>>>;
  readonly uid: number | null;
  /** Of the file system that holds the work folder (or its parent, where it is not there yet). */
  readonly freeDiskBytes: number | null;
  /** Folder of tracefs where a trace instance can be made; null where there is none. */
  readonly tracefs: string | null;
  /** `client-ip client-port server-ip server-port` of the login; null without ssh. */
  readonly sshConnection: string | null;
  /** Unix seconds by the node's clock, about the middle of the check. */
  readonly clockSec: number | null;
  /** Node's clock less the client's, in seconds, by the middle of the round trip. */
  readonly clockOffsetSec: number | null;
  /** Half of the round trip: the error of `clockOffsetSec`. */
  readonly clockErrorSec: number;
  readonly kernel: string | null;
  /** Of a pod that alone can be entered: the folder there that can be written. Absent: the profile's. */
  readonly workDir?: string;
}

/** $1: work folder; $2…: programs. Prints `key value` lines; never fails. */
export const TOOLS_SCRIPT = `
folder=$1; shift
${lookAtTools('"$@"')}
exit 0
`;

export interface CheckToolsOptions {
  /** The profile's folder for captures. */
  readonly workDir: string;
  readonly signal?: AbortSignal | undefined;
}

/** One command that says what a node has: programs, free disk, tracefs, clock, login. Changes nothing. */
export async function checkTools(access: GuardedAccess, options: CheckToolsOptions): Promise<NodeTools> {
  const argv: Argv = ["sh", "-c", TOOLS_SCRIPT, "hopbook-tools", options.workDir, ...TOOL_NAMES];
  const doing = "check the tools";
  const result = await runOnNode(access, argv, { action: "node/read", doing, signal: options.signal });
  if (result.exitCode !== 0) throw commandFailed(access.node, result, doing);
  // The times that the command itself had: a recorded one has them too.
  const sentAtMs = Date.parse(result.startedAt);
  const receivedAtMs = sentAtMs + result.durationMs;
  return parseTools(result.stdout.toString("utf8"), { node: access.node, sentAtMs, receivedAtMs });
}

/** The lines that the check prints, whatever they are. */
export function parseTools(
  text: string,
  asked: { readonly node: string; readonly sentAtMs: number; readonly receivedAtMs: number },
): NodeTools {
  const single = new Map<string, string>();
  const paths = Object.fromEntries(TOOL_NAMES.map((name) => [name, null])) as Record<ToolName, string | null>;
  const versions: Partial<Record<ToolName, string>> = {};
  for (const line of text.split("\n").slice(0, 200)) {
    const [key = "", first = "", ...rest] = line.split(" ");
    const tool = TOOL_NAMES.find((name) => name === first);
    if (key === "path" && tool !== undefined) paths[tool] = rest.join(" ");
    else if (key === "version" && tool !== undefined) versions[tool] = rest.join(" ");
    else if (!single.has(key)) single.set(key, [first, ...rest].join(" ").trim());
  }
  for (const name of TOOL_NAMES) if (paths[name] === null) delete versions[name];
  const clockSec = numberOf(single.get("clock"));
  const freeKiB = numberOf(single.get("freeKiB"));
  const middleSec = (asked.sentAtMs + asked.receivedAtMs) / 2000;
  return {
    node: asked.node,
    paths,
    versions,
    uid: numberOf(single.get("uid")),
    freeDiskBytes: freeKiB === null ? null : freeKiB * 1024,
    tracefs: single.get("tracefs") ?? null,
    sshConnection: single.get("ssh") === "" ? null : (single.get("ssh") ?? null),
    clockSec,
    clockOffsetSec: clockSec === null ? null : clockSec - middleSec,
    clockErrorSec: (asked.receivedAtMs - asked.sentAtMs) / 2000,
    kernel: single.get("kernel") ?? null,
  };
}

/** busybox's date prints `%N` as it stands: then only whole seconds count. */
function numberOf(text: string | undefined): number | null {
  const match = /^[0-9]+(\.[0-9]+)?/.exec(text ?? "");
  return match === null ? null : Number(match[0]);
}
