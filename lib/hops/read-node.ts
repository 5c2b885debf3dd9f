import { showTail } from "../cluster/index.js";
import { HopbookError } from "../errors.js";
import type { GuardedAccess } from "../model/guarded-access.js";
import { Looks } from "./looks.js";
import type { Argv } from "../model/access.js";
import { ipVersion, type Family } from "../linux/address.js";
import { parseFdb, type FdbEntry } from "../linux/fdb.js";
import { parseLinks, type Link } from "../linux/links.js";
import { parseNeighbours, type Neighbour } from "../linux/neighbours.js";
import { parseRouteAnswer, parseRoutes, type RouteAnswer, type RouteEntry } from "../linux/routes.js";

/** What is read of a node whatever the path. */
export interface NodeView {
  readonly node: string;
  readonly access: GuardedAccess;
  readonly links: readonly Link[];
  /** Of the main table, of the families that were asked for. */
  readonly routes: readonly RouteEntry[];
  /** Of both families. */
  readonly neighbours: readonly Neighbour[];
}

/** A route lookup, or why the kernel refuses it. */
export type RouteLookup =
  { readonly found: RouteAnswer; readonly error: null } | { readonly found: null; readonly error: string };

const LINKS: Argv = ["ip", "-d", "-j", "address", "show"];
const ROUTES: Readonly<Record<Family, Argv>> = {
  4: ["ip", "-j", "route", "show"],
  6: ["ip", "-j", "-6", "route", "show"],
};
const NEIGHBOURS: Argv = ["ip", "-j", "neigh", "show"];

/** A route lookup: `from` and `iif` ask as for a packet that came in by that device. */
export interface RouteQuestion {
  readonly dst: string;
  readonly from?: string;
  readonly iif?: string;
}

/**
 * The devices, routes and neighbours of a node, and its routes to some addresses, in one round trip. IPv6 routes are asked
 * for where one of `addresses`, the ends' and the nodes', is of IPv6.
 */
export async function readNodeView(
  access: GuardedAccess,
  { routesTo, addresses, signal }: NodeQuestion,
): Promise<{ readonly view: NodeView; readonly looks: Looks }> {
  const questions = routesTo.map((dst) => askRoute({ dst }));
  const hasIpv6 = [...routesTo, ...addresses].some((ip) => ipVersion(ip) === 6);
  const commands = [LINKS, ROUTES[4], ...(hasIpv6 ? [ROUTES[6]] : []), NEIGHBOURS, ...questions];
  const looks = await Looks.take({ access, netns: { kind: "host" }, signal }, commands);
  const [links, routes, routes6, neighbours] = await Promise.all([
    readLinks(looks),
    looks.json(ROUTES[4], "read the routes"),
    hasIpv6 ? readIpv6Routes(looks) : [],
    looks.json(NEIGHBOURS, "read the neighbours"),
  ]);
  const view = { node: access.node, access, links, neighbours: parseNeighbours(neighbours) };
  return { view: { ...view, routes: [...parseRoutes(routes), ...routes6] }, looks };
}

interface NodeQuestion {
  readonly routesTo: readonly string[];
  /** Of the ends and the nodes of what is looked for. */
  readonly addresses: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/** None where the kernel has no IPv6: that no packet of it gets anywhere is then the route's own answer. */
async function readIpv6Routes(looks: Looks): Promise<RouteEntry[]> {
  const { exitCode, stdout } = await looks.run(ROUTES[6], "read the IPv6 routes");
  return exitCode === 0 ? parseRoutes(stdout.toString("utf8")) : [];
}

/** What a pod says of its devices and of its route to the other end, in one round trip. */
export async function lookIntoPod(
  at: ConstructorParameters<typeof Looks>[0],
  peerIp: string,
): Promise<Looks> {
  return Looks.take(at, [LINKS, askRoute({ dst: peerIp })]);
}

/** The devices of a node itself. */
export async function readHostLinks(access: GuardedAccess, signal?: AbortSignal): Promise<Link[]> {
  return readLinks(new Looks({ access, netns: { kind: "host" }, signal }));
}

/** The devices with their addresses in a network namespace. */
export async function readLinks(looks: Looks): Promise<Link[]> {
  const { access, netns } = looks.at;
  try {
    return parseLinks(await looks.json(LINKS, "read the devices"));
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

/** Where the kernel sends a packet to an address. A refusal (no route, blackhole, source check) is an answer. */
export async function lookUpRoute(looks: Looks, question: RouteQuestion): Promise<RouteLookup> {
  const result = await looks.run(askRoute(question), `look up the route to ${question.dst}`);
  const found = result.exitCode === 0 ? parseRouteAnswer(result.stdout.toString("utf8")) : null;
  if (found !== null) return { found, error: null };
  return { found: null, error: showTail(result.stderr.toString("utf8"), 1) || "it names no device" };
}

/** A device's forwarding entries. */
export async function readFdb(looks: Looks, dev: string): Promise<FdbEntry[]> {
  return parseFdb(await looks.json(askFdb(dev), "read the FDB"));
}

export function askRoute({ dst, from, iif }: RouteQuestion): Argv {
  const source = from === undefined ? [] : ["from", from];
  return ["ip", "-j", "route", "get", dst, ...source, ...(iif === undefined ? [] : ["iif", iif])];
}

export function askFdb(dev: string): Argv {
  return ["bridge", "-j", "fdb", "show", "dev", dev];
}
