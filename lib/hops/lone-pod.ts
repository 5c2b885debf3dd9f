import { runOnNode } from "../cluster/index.js";
import { HopbookError } from "../errors.js";
import type { Argv } from "../model/access.js";
import type { GuardedAccess } from "../model/guarded-access.js";
import type { End } from "../model/cluster.js";
import { podHop, type LooseHop } from "./hop.js";
import { bareLink, findLink, type Link } from "../linux/links.js";
import { findRouteDevice } from "../linux/proc-routes.js";
import { lookIntoPod, lookUpRoute, readLinks, type RouteLookup } from "./read-node.js";
import { addressAtPod, choosePodLink, type Side } from "./side.js";
import { number, traceToOutside, type TraceContext, type TracedPath } from "./trace.js";

/** An end that is seen from within its pod alone: nothing of its node is asked. */
export interface LonePod {
  readonly end: End;
  readonly link: Link;
  readonly evidence: readonly string[];
  readonly notes: readonly string[];
}

const OWN = { kind: "own" } as const;

/** Finds the interface of a pod by what the pod itself says. Throws HOP_UNRESOLVED, or what a command there says. */
export async function readLonePod(
  end: End,
  access: GuardedAccess,
  options: { readonly peerIp: string; readonly signal?: AbortSignal | undefined },
): Promise<LonePod> {
  const { peerIp, signal } = options;
  const name = end.pod ?? end.ip;
  const looks = await lookIntoPod({ access, netns: OWN, signal }, peerIp);
  const links = await readLinks(looks).catch((error: unknown) => {
    // busybox's ip knows no JSON, and many an image has none at all.
    if (error instanceof HopbookError && /^(TOOL_MISSING|COMMAND_FAILED)$/.test(error.code)) return null;
    throw error;
  });
  if (links === null) return readByProc(end, access, options);
  const outward: RouteLookup = await lookUpRoute(looks, { dst: peerIp });
  const { link, evidence } = choosePodLink(end, { node: access.node }, { links, outward });
  const notes = [
    ...(outward.found === null ? [`${name} has no route to the other end: ${outward.error}`] : []),
    ...(link.up ? [] : [`${link.name} in ${name} is down`]),
  ];
  return { end, link: findLink(links, link.name) ?? link, evidence, notes };
}

async function readByProc(
  end: End,
  access: GuardedAccess,
  { peerIp, signal }: { readonly peerIp: string; readonly signal?: AbortSignal | undefined },
): Promise<LonePod> {
  const read = async (path: string): Promise<string> => {
    const argv: Argv = ["cat", path];
    const doing = "read the pod's routes";
    const result = await runOnNode(access, argv, { action: "netns/read", doing, signal });
    return result.exitCode === 0 ? result.stdout.toString("utf8") : "";
  };
  const [route, route6] = await Promise.all([read("/proc/net/route"), read("/proc/net/ipv6_route")]);
  const dev = findRouteDevice({ route, route6 }, peerIp);
  const name = end.pod ?? end.ip;
  if (dev === null) {
    throw new HopbookError(
      "HOP_UNRESOLVED",
      `Cannot find the interface of ${name}: it has no route to ${peerIp}`,
      {
        where: { node: access.node },
        hint: "Check the pod's routes: it has no ip that prints JSON, so /proc/net/route was read",
      },
    );
  }
  return { end, link: bareLink(dev), evidence: [`/proc/net/route in the pod: dev ${dev}`], notes: [] };
}

/** What is known of an end: all of its side, its pod alone, or nothing. */
export type SeenEnd = { readonly side: Side } | { readonly lone: LonePod } | null;

/** The hops where at least one end is seen from within its pod alone; between that one and the next there is nothing. */
export async function traceLonePods(
  near: { readonly end: End; readonly seen: SeenEnd },
  far: { readonly end: End; readonly seen: SeenEnd },
  context: TraceContext | null,
): Promise<Omit<TracedPath, "towards">> {
  const sideOf = ({ seen }: typeof near): Side | null => (seen !== null && "side" in seen ? seen.side : null);
  const side = sideOf(near) ?? sideOf(far);
  const outward = sideOf(near) !== null;
  const other = outward ? far.end : near.end;
  const traced =
    side === null || context === null
      ? null
      : await traceToOutside(
          side,
          { ...other, ip: addressAtPod(other) },
          { ...context, outward, inside: true },
        );
  const before = loneHop(near.seen);
  const after = loneHop(far.seen);
  const notes = [near.seen, far.seen].flatMap((seen) => (seen === null ? [] : notesOf(seen)));
  return {
    hops: number([...before, ...(traced?.hops ?? []), ...after]),
    replyHops: null,
    underlay: traced?.underlay ?? {},
    tunnels: traced?.tunnels ?? {},
    notes: [...notes, ...(traced?.notes ?? [])],
    fromSource: traced?.fromSource ?? null,
  };
}

function loneHop(seen: SeenEnd): LooseHop[] {
  if (seen === null || "side" in seen) return [];
  const { end, link, evidence } = seen.lone;
  return [podHop({ end, node: end.node ?? end.ip, link, evidence, netns: OWN })];
}

function notesOf(seen: NonNullable<SeenEnd>): readonly string[] {
  return "side" in seen ? seen.side.notes : seen.lone.notes;
}
