import { readJsonText, runOnNode, showTail } from "../cluster/index.js";
import { HopbookError } from "../errors.js";
import type { Argv } from "../model/access.js";
import type { GuardedAccess } from "../model/guarded-access.js";
import type { NetnsRef } from "../model/cluster.js";
import { parseFdb, type FdbEntry } from "../linux/fdb.js";
import { parseLinks, type Link } from "../linux/links.js";
import { parseNeighbours, type Neighbour } from "../linux/neighbours.js";
import { parseRouteAnswer, parseRoutes, type RouteAnswer, type RouteEntry } from "../linux/routes.js";

/** What is read of a node whatever the path. */
export interface NodeView {
  readonly node: string;
  readonly access: GuardedAccess;
  readonly links: readonly Link[];
  readonly routes: readonly RouteEntry[];
  readonly neighbours: readonly Neighbour[];
}

/** A route lookup, or why the kernel refuses it. */
export type RouteLookup =
  { readonly found: RouteAnswer; readonly error: null } | { readonly found: null; readonly error: string };

const HOST: NetnsRef = { kind: "host" };

/** The devices, routes and neighbours of a node, in three commands at once. */
export async function readNodeView(access: GuardedAccess, signal?: AbortSignal): Promise<NodeView> {
  const read = (argv: Argv, doing: string): Promise<string> =>
    readJsonText(access, argv, { action: "node/read", doing, signal });
  const [links, routes, neighbours] = await Promise.all([
    readLinks(access, HOST, signal),
    read(["ip", "-j", "route", "show"], "read the routes"),
    read(["ip", "-j", "neigh", "show"], "read the neighbours"),
  ]);
  return {
    node: access.node,
    access,
    links,
    routes: parseRoutes(routes),
    neighbours: parseNeighbours(neighbours),
  };
}

/** The devices with their addresses in the host's or a pod's network namespace. */
export async function readLinks(
  access: GuardedAccess,
  netns: NetnsRef,
  signal?: AbortSignal,
): Promise<Link[]> {
  const argv = within(netns, ["ip", "-d", "-j", "address", "show"]);
  const options = { action: actionOf(netns), doing: "read the devices", signal };
  try {
    return parseLinks(await readJsonText(access, argv, options));
  } catch (error) {
    throw netns.kind === "path" && isGone(error) ? namespaceGone(access.node, netns.path, error) : error;
  }
}

/** nsenter(1) could not open the namespace's file. */
function isGone(error: unknown): error is HopbookError {
  return error instanceof HopbookError && /^nsenter: .*: No such file/m.test(error.detail ?? "");
}

/** A runtime may list a pod a little longer than its network lives. */
function namespaceGone(node: string, path: string, cause: HopbookError): HopbookError {
  const message = `Cannot look into the pod on ${node}: its network namespace ${path} is gone`;
  return new HopbookError("HOP_UNRESOLVED", message, {
    where: { node },
    hint: `Has the pod just ended? Run again to find it anew; crictl pods on ${node} shows what its runtime knows`,
    cause,
  });
}

/**
 * Where the kernel sends a packet to an address. `from` and `iif` ask as for a packet that came in by that
 * device. A refusal (no route, blackhole, source check) is an answer.
 */
export async function lookUpRoute(
  access: GuardedAccess,
  dst: string,
  options: {
    readonly netns?: NetnsRef;
    readonly from?: string;
    readonly iif?: string;
    readonly signal?: AbortSignal | undefined;
  } = {},
): Promise<RouteLookup> {
  const netns = options.netns ?? HOST;
  const source = options.from === undefined ? [] : ["from", options.from];
  const device = options.iif === undefined ? [] : ["iif", options.iif];
  const argv = within(netns, ["ip", "-j", "route", "get", dst, ...source, ...device]);
  const doing = `look up the route to ${dst}`;
  const result = await runOnNode(access, argv, { action: actionOf(netns), doing, signal: options.signal });
  const found = result.exitCode === 0 ? parseRouteAnswer(result.stdout.toString("utf8")) : null;
  if (found !== null) return { found, error: null };
  return { found: null, error: showTail(result.stderr.toString("utf8"), 1) || "it names no device" };
}

/** A device's forwarding entries. */
export async function readFdb(access: GuardedAccess, dev: string, signal?: AbortSignal): Promise<FdbEntry[]> {
  const argv: Argv = ["bridge", "-j", "fdb", "show", "dev", dev];
  return parseFdb(await readJsonText(access, argv, { action: "node/read", doing: "read the FDB", signal }));
}

function within(netns: NetnsRef, argv: Argv): Argv {
  return netns.kind === "path" ? ["nsenter", `--net=${netns.path}`, ...argv] : argv;
}

function actionOf(netns: NetnsRef): string {
  return netns.kind === "host" ? "node/read" : "netns/read";
}
