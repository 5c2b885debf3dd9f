import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  checkFilterText,
  FILTER_CHECK_ACTION,
  planFilterCheck,
  readFilterCheck,
  withoutLogin,
} from "../capture/index.js";
import { runOnNode, type NodeTools } from "../cluster/index.js";
import { HopbookError } from "../errors.js";
import { readHostLinks, roleOfLink, safeId } from "../hops/index.js";
import { targetOf } from "../model/hops.js";
import type { NetnsRef } from "../model/cluster.js";
import { ANY_INTERFACE, type CapturePoint, type PointsFile } from "../model/points.js";
import type { StepContext } from "../model/steps.js";
import { checkNodes } from "./shared/check-nodes.js";
import { recallPod } from "./shared/known-pods.js";
import { locatePods, type FoundPod } from "./locate-pods.js";
import { readPoints, type NamedPoint, type PointInput } from "./point-input.js";

export const POINTS_FILE = "evidence/points.json";
const MOST_POINTS = 256;
const CHECK_MS = 30_000;
const CHECK_ONE_MS = 6_000;

/** Points with what their nodes have. */
export interface FoundPoints extends PointsFile {
  readonly tools: Readonly<Record<string, NodeTools>>;
}

/**
 * Finds where points are, and has tcpdump on each node compile the filter for each of them. Nothing is started. Throws
 * INPUT_INVALID with tcpdump's own words where it refuses the filter, and as locatePods does.
 */
export async function findPoints(
  input: { readonly points: PointInput | readonly PointInput[]; readonly filter: string },
  context: StepContext,
): Promise<FoundPoints> {
  const filter = checkFilterText(input.filter);
  const named = readPoints(input.points);
  // They were found when the captures began: by now the pods may be gone.
  if (context.detach?.phase === "collect") {
    return { ...readKept(await readFile(join(context.sink.dir, POINTS_FILE), "utf8")), tools: {} };
  }
  const places = await findPlaces(named, context);
  if (places.length > MOST_POINTS) {
    throw new HopbookError(
      "INPUT_INVALID",
      `Cannot capture at ${places.length} points: at most ${MOST_POINTS} are captured at once`,
      { hint: "Choose some of the pods with pod/locate: onePerNode, percent, max" },
    );
  }
  const targets = [...new Set(places.map((place) => targetOf(place)))];
  const pods = new Set(places.flatMap((place) => (place.netns.kind === "own" ? [targetOf(place)] : [])));
  const tools = await checkNodes(targets, { accesses: context.accesses, pods }, context);
  const points = places.map((place) => {
    const login = place.netns.kind === "host" ? (tools[targetOf(place)]?.sshConnection ?? null) : null;
    return { ...place, filter: withoutLogin(filter, login), pcap: `captures/${place.node}/${place.id}.pcap` };
  });
  await Promise.all(targets.map((target) => checkOn(target, points, context)));
  return { filter, points, tools };
}

/** Points as a run wrote them down, which may be what a node kept: their form; names are checked where they are used. */
export function readKept(text: string): PointsFile {
  const { filter, points } = parse(text) as Partial<PointsFile>;
  const isPoint = ({
    id,
    node,
    role,
    interface: name,
    netns,
    pcap,
    filter: own,
    ...rest
  }: Partial<Point>): boolean =>
    [id, node, role, name, pcap, own, rest.name].every((word) => typeof word === "string") &&
    (netns?.kind === "host" ||
      netns?.kind === "own" ||
      (netns?.kind === "path" && typeof netns.path === "string")) &&
    (rest.target === undefined || typeof rest.target === "string") &&
    rest.encapsulation?.kind === "none";
  const list: readonly Point[] = Array.isArray(points) ? (points as readonly Point[]) : [];
  const isWhole =
    typeof filter === "string" &&
    Array.isArray(points) &&
    list.length <= MOST_POINTS &&
    list.every((point) => isPoint(Object(point) as Partial<Point>));
  if (!isWhole) {
    throw new HopbookError("EVIDENCE_INVALID", `Cannot read ${POINTS_FILE}: it has not the form of points`, {
      hint: "The run was changed since its captures began, or is of another hopbook",
    });
  }
  for (const point of list) checkFilterText(point.filter);
  return { filter, points: list };
}

type Point = PointsFile["points"][number];

function parse(text: string): object {
  try {
    return Object(JSON.parse(text)) as object;
  } catch {
    return {};
  }
}

async function checkOn(
  target: string,
  points: readonly CapturePoint[],
  { accesses, signal }: StepContext,
): Promise<void> {
  const access = accesses.get(target);
  if (access === undefined) return;
  const own = points.filter((point) => targetOf(point) === target);
  const result = await runOnNode(access, planFilterCheck(own), {
    action: FILTER_CHECK_ACTION,
    doing: "check the filter",
    timeoutMs: CHECK_MS + CHECK_ONE_MS * own.length,
    signal,
  });
  readFilterCheck(result.stdout.toString("utf8"), own);
}

/** A point without what is captured there. */
type Place = Omit<PointsFile["points"][number], "filter" | "pcap">;

async function findPlaces(named: readonly NamedPoint[], context: StepContext): Promise<readonly Place[]> {
  const found = await findPods(named, context);
  const links = new Map(
    [...new Set(named.flatMap((point) => (point.kind === "node" ? [point.node] : [])))].map(
      (node) => [node, readLinksOf(node, context)] as const,
    ),
  );
  const places = await Promise.all(
    named.map(async (point): Promise<readonly Place[]> => {
      if (point.kind === "node") return [placeOnNode(point, (await links.get(point.node)) ?? [])];
      return (found.get(point) ?? []).map((pod) =>
        placeInPod(pod, point.kind === "pod" ? point.interface : null),
      );
    }),
  );
  return [...new Map(places.flat().map((place) => [`${targetOf(place)} ${place.id}`, place])).values()];
}

async function findPods(
  named: readonly NamedPoint[],
  context: StepContext,
): Promise<ReadonlyMap<NamedPoint, readonly FoundPod[]>> {
  const known = new Map<NamedPoint, readonly FoundPod[]>();
  const unknown = new Map<string, NamedPoint[]>();
  for (const point of named) {
    if (point.kind === "node") continue;
    const recalled =
      point.kind === "pod" && point.sandbox !== null
        ? recallPod(context.accesses, point.pod, point.sandbox)
        : undefined;
    if (recalled !== undefined) known.set(point, [recalled]);
    else {
      const text = point.kind === "pod" ? point.pod : point.text;
      unknown.set(text, [...(unknown.get(text) ?? []), point]);
    }
  }
  if (unknown.size === 0) return known;
  const found = await locatePods({ pods: [...unknown.keys()] }, context);
  for (const [text, points] of unknown) {
    const own = found.filter(({ by }) => by.includes(text));
    for (const point of points) known.set(point, own);
  }
  return known;
}

type HostLinks = Awaited<ReturnType<typeof readHostLinks>>;

async function readLinksOf(node: string, { accesses, unreachable, signal }: StepContext): Promise<HostLinks> {
  const access = accesses.get(node);
  if (access !== undefined) return readHostLinks(access, signal);
  const known = [...accesses.keys()].join(", ");
  throw (
    unreachable.get(node) ??
    new HopbookError("TARGET_NOT_FOUND", `Cannot capture on ${node}: there is no such node`, {
      hint: `The nodes are ${known || "none"}`,
    })
  );
}

function placeOnNode(
  { node, interface: name }: Extract<NamedPoint, { readonly kind: "node" }>,
  links: HostLinks,
): Place {
  const link = links.find((each) => each.name === name);
  if (link === undefined && name !== ANY_INTERFACE) {
    throw noInterface(name, { on: node, names: links.map((each) => each.name) });
  }
  const all = Object.fromEntries(links.map((each) => [String(each.index), each.name]));
  return {
    ...{ id: safeId([node, "point", name]), node, role: link === undefined ? "nic" : roleOfLink(link) },
    ...{ interface: name, netns: { kind: "host" }, mtuBytes: link?.mtuBytes ?? null },
    ...{ encapsulation: { kind: "none" }, evidence: ["it was named"], pod: null, ips: [] },
    name: `${name}@${node}`,
    ...(link === undefined ? { links: all } : {}),
  };
}

/** Throws TARGET_NOT_FOUND where the pod has no such interface; null: its own one. */
export function placeInPod(found: FoundPod, wanted: string | null): Place {
  const { namespace, name, node, target } = found;
  const pod = `${namespace}/${name}`;
  const known = found.found;
  const main = known?.interfaces[0];
  // In the node's own network all of the node's packets would be the pod's.
  const isNodes = known?.pod.hostNetwork === true;
  const own = wanted ?? main?.name ?? ANY_INTERFACE;
  const link = known?.interfaces.find((each) => each.name === own);
  const names = known?.interfaces.map((each) => each.name) ?? [];
  if (names.length > 0 && link === undefined && own !== ANY_INTERFACE && own !== "lo") {
    throw noInterface(own, { on: pod, names });
  }
  const netns: NetnsRef = known?.pod.netns ?? { kind: "own" };
  const all = Object.fromEntries((known?.interfaces ?? []).map((each) => [String(each.index), each.name]));
  return {
    ...{ id: safeId([node, "point", pod.replace("/", "_"), own]), node, role: isNodes ? "nic" : "pod" },
    ...(target === undefined ? {} : { target }),
    ...{ interface: own, netns, mtuBytes: link?.mtuBytes ?? null, encapsulation: { kind: "none" } },
    evidence: [...(known === null ? [`the pod alone can be entered`] : (link?.evidence ?? []))],
    ...{ pod, ips: isNodes ? [] : (known?.pod.ips ?? []), name: `${name}/${own}@${node}` },
    ...(own === ANY_INTERFACE ? { links: isNodes ? {} : { "1": "lo", ...all } } : {}),
  };
}

function noInterface(
  name: string,
  { on, names }: { readonly on: string; readonly names: readonly string[] },
): HopbookError {
  return new HopbookError(
    "TARGET_NOT_FOUND",
    `Cannot capture at ${name} of ${on}: there is no such interface`,
    {
      hint: `There are ${names.slice(0, 20).join(", ") || "none"}, and ${ANY_INTERFACE} for all`,
    },
  );
}
