import { join } from "node:path";
import { isThroughLink } from "./evidence/inside.js";
import type { EvidenceHop, PointEvidence } from "../model/evidence.js";
import type { FlowFinding } from "../model/findings.js";
import { findDevices, MOST_DEVICES, type BarePlaces } from "./bare-places.js";
import type { FilePlace } from "./file-order.js";
import { findWays } from "./ways.js";

/**
 * The hops of captures at points, of which nobody said how packets pass them: the packets say it. Where all interfaces of a
 * network namespace were captured each of them is a place. One that cannot be read is a place of its own, about which
 * who follows the flows says why.
 */
export function describePoints(points: readonly PointEvidence[], dir: string): BarePlaces {
  const devices = new Map<string, number>();
  const leftOut: string[] = [];
  const places: (FilePlace & { readonly hop: Omit<EvidenceHop, "index"> })[] = [];
  const blind: EvidenceHop[] = [];
  for (const point of points) {
    const hop = hopOf(point);
    const path = join(dir, point.pcap);
    const found = readDevices(point, dir);
    if (found === null) blind.push({ ...hop, index: 0 });
    else if (found.length < 2) places.push({ path, device: null, hop });
    else {
      const busiest = found.toSorted((a, b) => b.packets - a.packets).slice(0, MOST_DEVICES);
      if (busiest.length < found.length)
        leftOut.push(
          `Of the ${found.length} interfaces at ${point.name} only the ${MOST_DEVICES} busiest are looked at`,
        );
      for (const { interfaceIndex: device, name } of busiest) {
        const own = hopOf(point, { device, name: name ?? point.links?.[device] ?? `interface ${device}` });
        devices.set(own.id, device);
        places.push({ path, device, hop: own });
      }
    }
  }
  const ways = findWays(places).map((way) => way.map((place, index) => ({ ...places[place]!.hop, index })));
  return { paths: [...ways, ...blind.map((hop) => [hop])], devices, leftOut };
}

/** Of a point, or of one of the interfaces that were captured there together. */
function hopOf(
  { id, node, role, roles, mtuBytes, pcap, name }: PointEvidence,
  one?: { readonly device: number; readonly name: string },
): Omit<EvidenceHop, "index"> {
  const encapsulation = { kind: "none" } as const;
  if (one === undefined) return { ...{ id, node, role, mtuBytes, pcap, interface: name }, encapsulation };
  const shown = name.replace(/(^|\/)any@/, (_, before: string) => `${before}${one.name}@`);
  return {
    ...{ id: `${id}~${one.name}`, node, role: roles?.[one.device] ?? role, mtuBytes, pcap },
    ...{ interface: shown, encapsulation },
  };
}

/** null: the capture cannot be read. */
function readDevices({ pcap, links }: PointEvidence, dir: string): ReturnType<typeof findDevices> | null {
  if (isThroughLink(dir, pcap)) return null;
  const printed = Object.entries(links ?? {}).map(([ifindex, ifname]) => ({
    ifindex: Number(ifindex),
    ifname,
  }));
  try {
    return findDevices(join(dir, pcap), printed.length === 0 ? undefined : JSON.stringify(printed));
  } catch {
    return null;
  }
}

/** Flows between addresses with the pods that have them, as far as points say. */
export function nameEnds(flows: readonly FlowFinding[], points: readonly PointEvidence[]): FlowFinding[] {
  const pods = new Map(
    points.flatMap(({ pod, node, ips }) =>
      pod === null ? [] : ips.map((ip) => [ip, { pod, node }] as const),
    ),
  );
  return flows.map((flow) => ({
    ...flow,
    from: { ...flow.from, ...pods.get(flow.from.ip) },
    to: { ...flow.to, ...pods.get(flow.to.ip) },
  }));
}
