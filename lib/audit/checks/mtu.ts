import { parseLinks } from "../../linux/links.js";
import { parseRoutes } from "../../linux/routes.js";
import type { Netns, Reading } from "../../readings/reader.js";
import { wireOf } from "../../wire/registry.js";
import { evidenceOf, hostOf, type AuditWorld, type Check, type Said } from "../check.js";
import { isInPod, type AuditedEnd } from "../path.js";

/** What one device takes is taken by the next one as well, the tunnel's header around it. */
export const mtu: Check = {
  name: "mtu",
  title: "The MTUs fit each other along the path and within tunnels",
  check: (world) => [...checkTunnels(world), ...checkEnds(world), ...checkNics(world)],
};

interface Sized {
  readonly reading: Reading;
  readonly name: string;
  readonly bytes: number;
}

function sizeOf({ state }: AuditWorld, at: Netns, name: string | undefined): Sized | null {
  const [reading] = state.readings(at, "links");
  const bytes = parseLinks(reading?.text ?? "").find((link) => link.name === name)?.mtuBytes ?? null;
  return reading === undefined || name === undefined || bytes === null ? null : { reading, name, bytes };
}

function show({ reading, name, bytes }: Sized): ReturnType<typeof evidenceOf> {
  return evidenceOf(reading, `${name} mtu ${String(bytes)}`);
}

function overheadOf({ path }: AuditWorld): number {
  const wire = path.hops.map(({ encapsulation }) => wireOf(encapsulation)).find((each) => each !== null);
  return wire == null ? 0 : wire.format.overheadBytes[wire.worn.outer];
}

/** What leaves the node by a tunnel has to fit, with its header, into what the NIC takes: else it is cut or dropped. */
function checkTunnels(world: AuditWorld): Said[] {
  const overhead = overheadOf(world);
  return Object.entries(world.path.tunnels).flatMap(([node, { interface: name }]): Said[] => {
    const tunnel = sizeOf(world, hostOf(node), name);
    const nic = sizeOf(world, hostOf(node), world.path.underlay[node]?.interface);
    const largest = largestSent(world, node);
    if (tunnel === null || nic === null || overhead === 0) return [];
    const sent = Math.min(tunnel.bytes, largest ?? tunnel.bytes);
    const base = {
      direction: null,
      place: { ...hostOf(node), device: name },
      evidence: [show(tunnel), show(nic)],
    };
    if (sent + overhead <= nic.bytes)
      return [
        {
          ...base,
          severity: "fine",
          what: `packets of up to ${String(sent)} bytes fit into the tunnel`,
          next: null,
        },
      ];
    const most = String(nic.bytes - overhead);
    return [
      {
        ...{ ...base, severity: "warning" },
        what: `packets of more than ${most} bytes do not fit: ${name} takes ${String(tunnel.bytes)}, with ${String(overhead)} of its header ${nic.name} would have to take ${String(sent + overhead)}, and takes ${String(nic.bytes)}`,
        next: `Set the CNI's MTU to ${most} at most`,
      },
    ];
  });
}

/** What the pod on a node sends at most: its device's MTU, or that of all its routes that have one. */
function largestSent(world: AuditWorld, node: string): number | null {
  const sizes = [world.path.from, world.path.to].flatMap((end) => {
    if (end.node !== node || !isInPod(world.path, end)) return [];
    const size = podSize(world, end, node);
    return size === null ? [] : [size.bytes];
  });
  return sizes.length === 0 ? null : Math.max(...sizes);
}

function podSize(world: AuditWorld, end: AuditedEnd, node: string): Sized | null {
  const at = { node, pod: end.pod };
  const hop = end === world.path.from ? world.path.hops[0] : world.path.hops.at(-1);
  const device = sizeOf(world, at, hop?.interface);
  const routes = world.state.readings(at, "routes").flatMap(({ text }) => parseRoutes(text));
  const ways = routes.filter(({ dst, dev }) => dst === "default" && dev === hop?.interface);
  const bytes = ways.flatMap(({ mtuBytes }) => mtuBytes ?? []);
  if (device === null || ways.length === 0 || bytes.length < ways.length) return device;
  return { ...device, bytes: Math.min(device.bytes, Math.max(...bytes)) };
}

/** Both ends of a pod's veth take the same: what is larger than the receiving end's is dropped without a word. */
function checkEnds(world: AuditWorld): Said[] {
  const { path } = world;
  return ([path.from, path.to] as const).flatMap((end): Said[] => {
    if (end.node === null || !isInPod(path, end)) return [];
    const [own, outer] =
      end === path.from ? [path.hops[0], path.hops[1]] : [path.hops.at(-1), path.hops.at(-2)];
    if (outer?.role !== "host-veth") return [];
    const inside = sizeOf(world, { node: end.node, pod: end.pod }, own?.interface);
    const outside = sizeOf(world, hostOf(end.node), outer.interface);
    if (inside === null || outside === null || inside.bytes === outside.bytes) return [];
    return [
      {
        ...{
          severity: "warning",
          direction: null,
          place: { node: end.node, pod: end.pod, device: inside.name },
        },
        what: `${inside.name} takes ${String(inside.bytes)} bytes and its other end ${outside.name} ${String(outside.bytes)}: what is larger than the receiving one's is dropped without a word`,
        evidence: [show(inside), show(outside)],
        next: "Restart the pod after the CNI's MTU was changed: devices of pods keep what they were made with",
      },
    ];
  });
}

function checkNics(world: AuditWorld): Said[] {
  const nics = Object.entries(world.path.underlay).flatMap(([node, { interface: name }]) => {
    const size = sizeOf(world, hostOf(node), name);
    return size === null ? [] : [{ node, size }];
  });
  const least = nics.toSorted((a, b) => a.size.bytes - b.size.bytes)[0];
  const other = nics.find(({ size }) => size.bytes !== least?.size.bytes);
  if (least === undefined || other === undefined) return [];
  return [
    {
      ...{ severity: "warning", direction: null, place: { ...hostOf(least.node), device: least.size.name } },
      what: `${least.node}'s ${least.size.name} takes ${String(least.size.bytes)} bytes, ${other.node}'s ${other.size.name} ${String(other.size.bytes)}`,
      evidence: [show(least.size), show(other.size)],
      next: "Give the nodes' interfaces of one network one MTU",
    },
  ];
}
