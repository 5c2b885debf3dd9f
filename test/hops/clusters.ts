import { join } from "node:path";
import type { LoadedProfile } from "../../lib/cluster/index.js";
import { discoverPath, loadRecipes, type HopRecipe } from "../../lib/hops/index.js";
import type { End, Isolation } from "../../lib/model/cluster.js";
import type { FlowPath } from "../../lib/model/hops.js";
import { asNode, podEnd, type Device, type Machine, type Way } from "./machine.js";

/** Those that come with hopbook. */
export const recipes = await loadRecipes(join(import.meta.dirname, "../../runbooks/cni"));

/** Two nodes, 1 and 2, and a pod on each: what one of them has with a CNI. */
export interface Wiring {
  /** The host's side of the pod, index 20, and what belongs to it. */
  readonly host: readonly Device[];
  readonly devices?: readonly Device[];
  readonly ways?: readonly Way[];
  readonly pod?: Partial<Device>;
  /** In place of a default route. */
  readonly podWays?: readonly Way[];
  readonly fdb?: Machine["fdb"];
  readonly neighbours?: Machine["neighbours"];
  /** In place of eth0 with the node's address and the default route. */
  readonly nic?: { readonly devices: readonly Device[]; readonly ways: readonly Way[] };
}

export const nodeIp = (n: number): string => `10.0.0.1${n}`;
export const podIp = (n: number): string => `10.244.${n}.5`;
export const podNet = (n: number): string => `10.244.${n}.0/24`;
export const other = (n: number): number => 3 - n;
const POD_NAMES = ["", "client", "web"];
export const podName = (n: number): string => POD_NAMES[n] ?? "";

const PODS_NIC = 3;
/** Of the host's side of the pod. */
export const HOST_SIDE = { index: 20, kind: "veth", peer: PODS_NIC, elsewhere: true } as const;

export function makeMachine(n: number, wiring: Wiring): Machine {
  const { host, devices = [], ways = [], fdb, neighbours } = wiring;
  const nic = wiring.nic ?? {
    devices: [{ index: 2, name: "eth0", ips: [`${nodeIp(n)}/24`] }],
    ways: [
      { dst: "default", dev: "eth0", gateway: "10.0.0.1" },
      { dst: "10.0.0.0/24", dev: "eth0", protocol: "kernel" },
    ],
  };
  const eth0: Device = {
    ...{ index: PODS_NIC, name: "eth0", kind: "veth", peer: 20, elsewhere: true, ips: [`${podIp(n)}/32`] },
    ...wiring.pod,
  };
  return {
    node: `node-${n}`,
    devices: [{ index: 1, name: "lo" }, ...nic.devices, ...devices, ...host],
    ways: [...nic.ways, ...ways],
    ...(fdb === undefined ? {} : { fdb }),
    ...(neighbours === undefined ? {} : { neighbours }),
    pods: {
      [`/run/netns/${podName(n)}`]: {
        devices: [{ index: 1, name: "lo" }, eth0],
        ways: wiring.podWays ?? [{ dst: "default", dev: "eth0", gateway: "169.254.1.1" }],
      },
    },
  };
}

/** A VXLAN device with its route, neighbour and forwarding entry to the other node. */
export function vxlan(
  n: number,
  device: { readonly name: string; readonly vni: number; readonly port: number; readonly below?: string },
): Required<Pick<Wiring, "devices" | "ways" | "fdb" | "neighbours">> {
  const { name, vni, port, below = "eth0" } = device;
  const to = other(n);
  const gateway = `10.244.${to}.0`;
  return {
    devices: [
      {
        ...{ index: 30, name, kind: "vxlan", mac: `66:00:00:00:00:0${n}`, ips: [`10.244.${n}.0/32`] },
        data: { id: vni, local: nodeIp(n), link: below, port, learning: false },
      },
    ],
    ways: [{ dst: podNet(to), dev: name, gateway, flags: ["onlink"] }],
    neighbours: [{ dst: gateway, dev: name, lladdr: `66:00:00:00:00:0${to}` }],
    fdb: { [name]: [{ mac: `66:00:00:00:00:0${to}`, dst: nodeIp(to) }] },
  };
}

/** A device that is told the far end with each packet. */
export const external = (index: number, name: string, kind: string, port: number): Device => ({
  ...{ index, name, kind },
  data: { external: true, id: 0, port },
});

/** A pod's host side by itself, to which the host routes. */
export const routed = (
  n: number,
  name: string,
  change: Partial<Device> = {},
): Pick<Wiring, "host" | "ways"> => ({
  host: [{ ...HOST_SIDE, name, ...change }],
  ways: [{ dst: `${podIp(n)}/32`, dev: name }],
});

/** A pod's host side as a port of a bridge. */
export const bridged = (n: number, bridge: string, name: string): Pick<Wiring, "host" | "ways"> => ({
  host: [
    { index: 10, name: bridge, kind: "bridge", ips: [`10.244.${n}.1/24`] },
    { ...HOST_SIDE, name, master: bridge },
  ],
  ways: [{ dst: podNet(n), dev: bridge, protocol: "kernel" }],
});

/** Straight through the NIC, with the other node as the next hop. */
export const byNode = (n: number, protocol?: string): Way => ({
  ...{ dst: podNet(other(n)), dev: "eth0", gateway: nodeIp(other(n)) },
  ...(protocol === undefined ? {} : { protocol }),
});

export const blackhole = (n: number): Way => ({ dst: podNet(n), dev: "", type: "blackhole", protocol: "80" });

const profile: LoadedProfile = {
  name: "two",
  nodes: [1, 2].map((n) => ({ name: `node-${n}`, address: nodeIp(n), access: { via: "local" } as const })),
  ...{ cni: "auto", interfaces: {}, workDir: "/var/tmp" },
};

/** The path from the pod of node 1 to that of node 2, or to another end. */
export async function discover(
  wire: (n: number) => Wiring,
  options: {
    readonly recipes?: readonly HopRecipe[];
    readonly to?: End;
    readonly isolation?: Isolation;
  } = {},
): Promise<FlowPath> {
  const accesses = new Map([1, 2].map((n) => [`node-${n}`, asNode(makeMachine(n, wire(n)))]));
  const isolated = options.isolation === undefined ? {} : { isolation: options.isolation };
  const [from, to] = [1, 2].map((n) => ({ ...podEnd(podName(n), `node-${n}`, podIp(n)), ...isolated }));
  if (from === undefined || to === undefined) throw new Error("no ends");
  return discoverPath(from, options.to ?? to, { accesses, profile, recipes: options.recipes ?? recipes });
}

/** `role interface` of the hops of both nodes, each from its pod outwards; they have to be each other's mirror. */
export function outward(path: FlowPath): string[][] {
  const of = (node: string): string[] =>
    path.hops.filter((hop) => hop.node === node).map((hop) => `${hop.role} ${hop.interface}`);
  return [of("node-1"), of("node-2").toReversed()];
}
