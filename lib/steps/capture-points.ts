import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { checkFilterText, readFilterCheck, withoutLogin, type FilterPlace } from "../capture/index.js";
import type { NodeTools } from "../cluster/index.js";
import { HopbookError } from "../errors.js";
import { roleOfLink, safeId } from "../hops/index.js";
import type { Link } from "../linux/links.js";
import { targetOf } from "../model/hops.js";
import type { NetnsRef } from "../model/cluster.js";
import { ANY_INTERFACE, type PointsFile } from "../model/points.js";
import type { StepContext } from "../model/steps.js";
import { lookAtPoints, type PointsLook } from "./shared/look-at-points.js";
import { recallPod } from "./shared/known-pods.js";
import { locatePods, type FoundPod } from "./locate-pods.js";
import { readPoints, type NamedPoint, type PointInput } from "./point-input.js";

export const POINTS_FILE = "evidence/points.json";
const MOST_POINTS = 256;

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
  const { places, looks } = await lookAtPlaces(named, filter, context);
  const tools = Object.fromEntries([...looks].map(([target, look]) => [target, look.tools]));
  const points = places.map((place) => ({
    ...place,
    filter: filterAt(place, narrowed(filter, place), tools),
    pcap: `captures/${place.node}/${place.id}.pcap`,
  }));
  return { filter, points, tools };
}

/** What a filter is at a place: in a node's own network it leaves out the login by which the capture is watched. */
export function filterAt(
  place: Pick<Place, "node" | "target" | "netns">,
  filter: string,
  tools: FoundPoints["tools"],
): string {
  const login = place.netns.kind === "host" ? (tools[targetOf(place)]?.sshConnection ?? null) : null;
  return withoutLogin(filter, login);
}

/** What has to fit at a point that may have something to say of its own. Words like `vlan` change what stands behind them. */
export function narrowed(filter: string, { only }: Pick<Place, "only">): string {
  if (only === undefined) return filter;
  return filter === "" ? only : `(${only}) and (${filter})`;
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
    [rest.target, rest.only].every((word) => word === undefined || typeof word === "string") &&
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

/** A point without what is captured there. */
type Place = Omit<PointsFile["points"][number], "filter" | "pcap">;

/** Where the points are, and what each of their nodes said of them, by its one command. */
async function lookAtPlaces(
  named: readonly NamedPoint[],
  filter: string,
  context: StepContext,
): Promise<{ readonly places: readonly Place[]; readonly looks: ReadonlyMap<string, PointsLook> }> {
  const found = await findPods(named, context);
  const inPods = mergeSame(
    named.flatMap((point) =>
      (found.get(point) ?? []).map((pod) => ({
        place: placeInPod(pod, point.kind === "pod" ? point.interface : null),
        only: point.only,
      })),
    ),
    ({ place }) => `${targetOf(place)} ${place.id}`,
  ).map(({ place, only }) => ({ ...place, ...onlyOf(only) }));
  const onNodes = mergeSame(
    named.flatMap((point) => (point.kind === "node" ? [point] : [])),
    ({ node, interface: name }) => `${node} ${name}`,
  );
  for (const { node } of onNodes) assertKnown(node, context);
  const wanted = new Map<string, Map<string, FilterPlace>>();
  const want = (target: string, place: Omit<FilterPlace, "filter"> & Pick<Place, "only">): void => {
    const own = wanted.get(target) ?? new Map<string, FilterPlace>();
    wanted.set(target, own.set(place.id, { ...place, filter: narrowed(filter, place) }));
  };
  for (const place of inPods) want(targetOf(place), place);
  for (const point of onNodes) want(point.node, hostPlace(point));
  const count = [...wanted.values()].reduce((sum, own) => sum + own.size, 0);
  if (count > MOST_POINTS) {
    throw new HopbookError(
      "INPUT_INVALID",
      `Cannot capture at ${count} points: at most ${MOST_POINTS} are captured at once`,
      { hint: "Choose some of the pods with pod/locate: onePerNode, percent, max" },
    );
  }
  const pods = new Set(inPods.flatMap((place) => (place.netns.kind === "own" ? [targetOf(place)] : [])));
  const hosts = new Set(onNodes.map(({ node }) => node));
  const looks = new Map(
    await Promise.all(
      [...wanted].map(async ([target, own]) => {
        const how = { isPod: pods.has(target), devices: hosts.has(target) };
        return [target, await lookAtPoints(target, { places: [...own.values()], ...how }, context)] as const;
      }),
    ),
  );
  const all = [...inPods, ...onNodes.map((point) => placeOnNode(point, looks.get(point.node)?.links ?? []))];
  const places = [...new Map(all.map((place) => [`${targetOf(place)} ${place.id}`, place])).values()];
  // Only now: that an interface is not there is said better than by tcpdump.
  for (const [target, look] of looks) {
    const own = places.filter((place) => targetOf(place) === target);
    readFilterCheck(
      look.said,
      own.map((place) => ({ ...place, filter: narrowed(filter, place) })),
    );
  }
  return { places, looks };
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

function assertKnown(node: string, { accesses, unreachable }: StepContext): void {
  if (accesses.has(node)) return;
  const known = [...accesses.keys()].toSorted().join(", ");
  throw (
    unreachable.get(node) ??
    new HopbookError("TARGET_NOT_FOUND", `Cannot capture on ${node}: there is no such node`, {
      hint: `The nodes are ${known || "none"}`,
    })
  );
}

type PointOnNode = Extract<NamedPoint, { readonly kind: "node" }>;

function hostPlace({
  node,
  interface: name,
  only,
}: PointOnNode): Omit<FilterPlace, "filter"> & Pick<Place, "only"> {
  return { id: safeId([node, "point", name]), netns: { kind: "host" }, interface: name, ...onlyOf(only) };
}

const onlyOf = (only: string | null): Pick<Place, "only"> => (only === null ? {} : { only });

/** null: nothing more has to fit. */
function eitherOf(one: string | null, other: string | null): string | null {
  if (one === null || other === null) return null;
  return one === other ? one : `(${one}) or (${other})`;
}

/** Of one place once: what fits any of those that name it. */
function mergeSame<T extends { readonly only: string | null }>(
  all: readonly T[],
  keyOf: (one: T) => string,
): readonly T[] {
  const found = new Map<string, T>();
  for (const one of all) {
    const same = found.get(keyOf(one));
    found.set(keyOf(one), same === undefined ? one : { ...one, only: eitherOf(same.only, one.only) });
  }
  return [...found.values()];
}

function placeOnNode(point: PointOnNode, links: readonly Link[]): Place {
  const { node, interface: name } = point;
  const link = links.find((each) => each.name === name);
  if (link === undefined && name !== ANY_INTERFACE) {
    throw noInterface(name, { on: node, names: links.map((each) => each.name) });
  }
  const all = Object.fromEntries(links.map((each) => [String(each.index), each.name]));
  const roles = Object.fromEntries(links.map((each) => [String(each.index), roleOfLink(each)]));
  return {
    ...{ ...hostPlace(point), node, role: link === undefined ? "nic" : roleOfLink(link) },
    mtuBytes: link?.mtuBytes ?? null,
    ...{ encapsulation: { kind: "none" }, evidence: ["it was named"], pod: null, ips: [] },
    name: `${name}@${node}`,
    ...(link === undefined ? { links: all, roles } : {}),
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
