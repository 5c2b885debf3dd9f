import { HopbookError } from "../../errors.js";
import type { Argv } from "../../model/access.js";
import type { GuardedAccess } from "../../model/guarded-access.js";
import type { Pod } from "../../model/cluster.js";
import { distinctAddresses, readCniCache } from "./cni-cache.js";
import type { CrictlOptions } from "./crictl.js";
import { showTail } from "../names.js";
import { keepNewest, type PodSource, type PodSummary, type SeenPod } from "./pod-summary.js";
import { CTR_SCRIPT, parseCtr } from "./ctr.js";
import { DOCKER_SCRIPT, parseDocker } from "./docker.js";
import { parsePodman, PODMAN_SCRIPT } from "./podman.js";
import { parseProc, PROC_SCRIPT } from "./proc.js";
import { runOnNode } from "../run.js";
import { parseLinks } from "../../linux/links.js";

/** A pod's addresses by its own network namespace, where neither runtime nor CNI tells: $1 is its path. */
export const ADDRESSES_SCRIPT = `exec nsenter --net="$1" -- ip -j addr show scope global\n`;

/** An inspection prints about 30 KB a pod, and a node may have some hundreds. */
const TIMEOUT_MS = 20_000;
const DETAIL_LINES = 2;

interface Source {
  readonly name: PodSource;
  readonly script: string;
  parse(text: string, node: string): SeenPod[];
}

/** What is asked where a node has no crictl, in this order; the last one needs nothing but a shell. */
const SOURCES: readonly Source[] = [
  { name: "ctr", script: CTR_SCRIPT, parse: parseCtr },
  { name: "docker", script: DOCKER_SCRIPT, parse: parseDocker },
  { name: "podman", script: PODMAN_SCRIPT, parse: parsePodman },
  { name: "proc", script: PROC_SCRIPT, parse: parseProc },
];

interface SeeOptions extends CrictlOptions {
  /** The named action that permissions speak of. */
  readonly action: "runtime/pods" | "runtime/inspect";
  /** This pod alone. */
  readonly only?: Pick<PodSummary, "namespace" | "name">;
  /** Ask this one and no other. */
  readonly source?: PodSource;
}

/**
 * The running pods of a node without crictl, listed and inspected in one. A source that is not there, or fails, gives
 * way to the next; one that answers with no pod does so too, for containerd may run on a node whose kubelet uses
 * another runtime. Throws RUNTIME_UNAVAILABLE with each one's reason where none answered.
 */
export async function seePods(access: GuardedAccess, options: SeeOptions): Promise<SeenPod[]> {
  const reasons: string[] = [];
  const sources = SOURCES.filter(({ name }) => options.source === undefined || name === options.source);
  for (const source of sources) {
    const asked = await ask(access, source, options);
    if (typeof asked === "string") reasons.push(`${source.name}: ${asked}`);
    else if (asked.length > 0) return keepNewest(asked, ({ summary }) => summary);
  }
  if (reasons.length < sources.length) return [];
  throw new HopbookError(
    "RUNTIME_UNAVAILABLE",
    `Cannot tell the pods of ${access.node}: nothing there knows them`,
    {
      where: { node: access.node },
      hint: "install crictl on the node, or run commands there as root",
      detail: reasons.join("\n"),
    },
  );
}

/** As seePods, after crictl could not tell; where nothing else can either, its error is the one that counts. */
export async function seePodsAfter(
  failure: HopbookError,
  access: GuardedAccess,
  options: SeeOptions,
): Promise<SeenPod[]> {
  try {
    const seen = await seePods(access, options);
    if (seen.length > 0 || failure.code === "TOOL_MISSING") return seen;
  } catch (error) {
    if (!(error instanceof HopbookError) || error.code !== "RUNTIME_UNAVAILABLE") throw error;
    if (failure.code === "TOOL_MISSING") throw error;
  }
  throw failure;
}

/** All that may be asked for a node's pods after crictl. */
export function planSources(action: SeeOptions["action"], endpoint?: string): readonly Argv[] {
  return SOURCES.map((source) => commandOf(source, { action, endpoint }));
}

/** What an answer of one of the sources names; null where the command asked none of them. */
export function readSeen(argv: Argv, text: string, node: string): SeenPod[] | null {
  const source = SOURCES.find(({ name }) => argv[3] === `hopbook-runtime-${name}`);
  return source === undefined ? null : source.parse(text, node);
}

function commandOf({ script, name }: Source, { endpoint = "", only }: SeeOptions): Argv {
  const words = [endpoint, only?.namespace ?? "", only?.name ?? ""];
  return ["sh", "-c", script, `hopbook-runtime-${name}`, ...words];
}

async function ask(access: GuardedAccess, source: Source, options: SeeOptions): Promise<SeenPod[] | string> {
  const { action, signal } = options;
  const argv = commandOf(source, options);
  try {
    const run = { action, doing: "ask the container runtime", timeoutMs: TIMEOUT_MS, signal };
    const result = await runOnNode(access, argv, run);
    if (result.exitCode === 0) return source.parse(result.stdout.toString("utf8"), access.node);
    return showTail(result.stderr.toString("utf8"), DETAIL_LINES) || `exit code ${String(result.exitCode)}`;
  } catch (error) {
    if (error instanceof HopbookError && isOfSource(error)) return error.detail || error.message;
    throw error;
  }
}

/** Of what a command can fail by, only this says something of the runtime and not of the way to the node. */
function isOfSource(error: HopbookError): boolean {
  return error.code === "TOOL_MISSING" || error.code === "COMMAND_TIMEOUT";
}

/** What a source left open: host side and addresses by libcni's cache, and at last the addresses by `ip`. */
export async function completePod(
  access: GuardedAccess,
  pod: Pod,
  options: CrictlOptions = {},
): Promise<Pod> {
  if (pod.hostNetwork || (pod.cniHostInterfaces.length > 0 && pod.ips.length > 0)) return pod;
  const cached = await readCniCache(access, pod.sandboxId, options);
  const { ips, cniHostInterfaces } = pod;
  const known = ips.length > 0 ? ips : [...new Set(cached.flatMap((result) => result.ips))];
  return {
    ...pod,
    ips: known.length > 0 ? known : await readAddresses(access, pod, options),
    cniHostInterfaces:
      cniHostInterfaces.length > 0 ? cniHostInterfaces : cached.flatMap((result) => result.hostInterfaces),
  };
}

async function readAddresses(
  access: GuardedAccess,
  pod: Pod,
  options: CrictlOptions,
): Promise<readonly string[]> {
  if (pod.netns.kind !== "path") return [];
  const argv: Argv = ["sh", "-c", ADDRESSES_SCRIPT, "hopbook-runtime-addresses", pod.netns.path];
  const doing = "read a pod's addresses";
  const result = await runOnNode(access, argv, { action: "runtime/inspect", doing, signal: options.signal });
  const links = result.exitCode === 0 ? parseLinks(result.stdout.toString("utf8")) : [];
  const addresses = links
    .filter(({ name }) => name !== "lo")
    .flatMap(({ addressInfo }) => addressInfo.filter(({ scope }) => scope === "global"));
  return distinctAddresses(addresses.map(({ ip }) => ip));
}
