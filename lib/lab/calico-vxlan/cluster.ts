import { createHash } from "node:crypto";

/**
 * The cluster of the topology calico-vxlan as data: who is where. The addresses are the ones of a real
 * Calico cluster with a /16 pool and /26 blocks.
 */

export interface PodSpec {
  readonly namespace: string;
  readonly name: string;
  readonly ip: string;
  readonly serves: "nothing" | "http" | "dns";
}

export interface NodeSpec {
  readonly name: string;
  readonly address: string;
  /** The node's block of pod addresses; its first address is the tunnel device's. */
  readonly block: string;
  readonly tunnelIp: string;
  readonly pods: readonly PodSpec[];
}

export interface ServiceSpec {
  readonly namespace: string;
  readonly name: string;
  readonly port: string;
  readonly protocol: "tcp" | "udp";
  readonly clusterIp: string;
  readonly clusterPort: number;
  readonly endpoint: { readonly ip: string; readonly port: number };
}

export const POD_POOL = "192.168.0.0/16";
export const OPERATOR_ADDRESS = "10.77.0.1";
export const UNDERLAY_PREFIX = 24;
export const TUNNEL = { device: "vxlan.calico", vni: 4096, port: 4789, mtuBytes: 1450 } as const;

export const NODES: readonly [NodeSpec, NodeSpec] = [
  {
    name: "node-a",
    address: "10.77.0.11",
    block: "192.168.174.128/26",
    tunnelIp: "192.168.174.128",
    pods: [
      { namespace: "shop", name: "client", ip: "192.168.174.129", serves: "nothing" },
      { namespace: "shop", name: "cart", ip: "192.168.174.130", serves: "nothing" },
    ],
  },
  {
    name: "node-b",
    address: "10.77.0.12",
    block: "192.168.218.64/26",
    tunnelIp: "192.168.218.64",
    pods: [
      { namespace: "shop", name: "web", ip: "192.168.218.65", serves: "http" },
      { namespace: "shop", name: "dns", ip: "192.168.218.66", serves: "dns" },
    ],
  },
];

const DNS = { namespace: "shop", name: "dns", clusterIp: "10.96.0.10", clusterPort: 53 } as const;
const DNS_ENDPOINT = { ip: "192.168.218.66", port: 53 } as const;

export const SERVICES: readonly ServiceSpec[] = [
  { ...DNS, port: "dns", protocol: "udp", endpoint: DNS_ENDPOINT },
  { ...DNS, port: "dns-tcp", protocol: "tcp", endpoint: DNS_ENDPOINT },
  {
    namespace: "shop",
    name: "web",
    port: "http",
    protocol: "tcp",
    clusterIp: "10.96.0.20",
    clusterPort: 80,
    endpoint: { ip: "192.168.218.65", port: 8080 },
  },
];

function hex(algorithm: "sha1" | "sha256", text: string): string {
  return createHash(algorithm).update(text).digest("hex");
}

/** Calico's host-side interface: `cali` and 11 hex digits of sha1 of `<namespace>.<pod>`. */
export function nameHostInterface(pod: { readonly namespace: string; readonly name: string }): string {
  return `cali${hex("sha1", `${pod.namespace}.${pod.name}`).slice(0, 11)}`;
}

/** A locally administered MAC that is always the same for the same text; `first` is its first byte in hex. */
export function deriveMac(text: string, first: string): string {
  const digits = hex("sha1", text).slice(0, 10);
  return [first, ...(digits.match(/../g) ?? [])].join(":");
}

/** The tunnel device's MAC; Calico's begin with 66. */
export function deriveTunnelMac(node: string): string {
  return deriveMac(`tunnel ${node}`, "66");
}

export function deriveNodeMac(node: string): string {
  return deriveMac(`eth0 ${node}`, "52");
}

function shapeUuid(digits: string): string {
  const part = (from: number, to: number): string => digits.slice(from, to);
  return [part(0, 8), part(8, 12), `4${part(13, 16)}`, `9${part(17, 20)}`, part(20, 32)].join("-");
}

/** What a runtime and the API would call a pod; the same at each start of the lab. */
export interface PodIds {
  readonly uid: string;
  readonly sandboxId: string;
  readonly containerId: string;
  /** File name of the network namespace under /run/netns. */
  readonly netns: string;
  readonly mac: string;
  readonly hostInterface: string;
}

export function derivePodIds(pod: PodSpec): PodIds {
  const key = `${pod.namespace}/${pod.name}`;
  return {
    uid: shapeUuid(hex("sha256", `uid ${key}`)),
    sandboxId: hex("sha256", `sandbox ${key}`),
    containerId: hex("sha256", `container ${key}`),
    netns: `cni-${shapeUuid(hex("sha256", `netns ${key}`))}`,
    mac: deriveMac(`pod ${key}`, "0a"),
    hostInterface: nameHostInterface(pod),
  };
}
