import {
  DIRECTIONS,
  hopsOf,
  isInPod,
  type AuditedEnd,
  type AuditedHop,
  type AuditedPath,
  type Direction,
} from "./path.js";

/** One node's part in the packets' way, as its routing sees it: in by one device, out by another. */
export interface Leg {
  readonly node: string;
  readonly direction: Direction;
  readonly source: AuditedEnd;
  readonly target: AuditedEnd;
  /** null: the packets are made on the node itself. */
  readonly inDevice: string | null;
  /** null: they are for the node itself. */
  readonly outDevice: string | null;
  /** Packets may go by a program's own way (eBPF): the kernel's tables need not be asked. */
  readonly isPassedBy: boolean;
  /** Ports of one bridge by which they come and go, where nothing is routed; both devices are the bridge then. */
  readonly ports: { readonly inPort: string; readonly outPort: string } | null;
  /** The devices by which they come and go in a tunnel's header. */
  readonly outerIn: AuditedHop | null;
  readonly outerOut: AuditedHop | null;
}

/** Of both directions, each in its order. `masterOf`: the bridge that a node's device is a port of. */
export function legsOf(path: AuditedPath, masterOf: (node: string, device: string) => string | null): Leg[] {
  return DIRECTIONS.flatMap((direction) => {
    const [source, target] = direction === "request" ? [path.from, path.to] : [path.to, path.from];
    const groups = groupByNode(hopsOf(path, direction).filter(({ role }) => role !== "pod"));
    return groups.map((hops, index): Leg => {
      const node = hops[0]!.node;
      const routed = routedHops(hops);
      const startsHere = index === 0 && source.node === node && !isInPod(path, source);
      const endsHere = index === groups.length - 1 && target.node === node && !isInPod(path, target);
      const outer = hops.filter(({ encapsulation }) => encapsulation.kind !== "none");
      const veths = hops.filter(({ role }) => role === "host-veth").map((hop) => hop.interface);
      const [inPort, outPort] = [veths[0], veths[1]];
      const bridge = inPort === undefined ? null : masterOf(node, inPort);
      const isBridged = outPort !== undefined && bridge !== null && masterOf(node, outPort) === bridge;
      return {
        ...{ node, direction, source, target },
        inDevice: isBridged ? bridge : startsHere ? null : (routed[0]?.interface ?? null),
        outDevice: isBridged ? bridge : endsHere ? null : (routed.at(-1)?.interface ?? null),
        ports: isBridged ? { inPort: inPort!, outPort } : null,
        isPassedBy: hops.some(({ passedBy = [] }) => passedBy.includes(direction)),
        outerIn: index === 0 ? null : (outer[0] ?? null),
        outerOut: index === groups.length - 1 ? null : (outer.at(-1) ?? null),
      };
    });
  });
}

/** A bridge routes for its ports, and a tunnel's device for what the NIC carries. */
function routedHops(hops: readonly AuditedHop[]): readonly AuditedHop[] {
  const hasBridge = hops.some(({ role }) => role === "bridge");
  return hops.filter(
    ({ role, encapsulation }) => encapsulation.kind === "none" && !(hasBridge && role === "host-veth"),
  );
}

function groupByNode(hops: readonly AuditedHop[]): (readonly AuditedHop[])[] {
  const groups: AuditedHop[][] = [];
  for (const hop of hops) {
    const last = groups.at(-1);
    if (last?.[0]?.node === hop.node) last.push(hop);
    else groups.push([hop]);
  }
  return groups;
}
