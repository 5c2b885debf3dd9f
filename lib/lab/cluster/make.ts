import { HopbookError } from "../../errors.js";
import { FAMILIES, wordsOf } from "./family.js";
import type { Attachment } from "../attachment/types.js";
import type { AddressPlan, Cluster, NodeSpec, Placement, PodSpec, ServiceSpec } from "./types.js";

export const OPERATOR_ADDRESS = FAMILIES[4].operator;
export const UNDERLAY_PREFIX = FAMILIES[4].underlayBits;

/** A host that is no part of the cluster: behind the operator, which is the nodes' default gateway. */
export const OUTSIDE = { address: "203.0.113.10", gateway: "203.0.113.1", prefix: 24, port: 80 } as const;

const NODE_NAMES = ["node-a", "node-b", "node-c"] as const;
const FIRST_NODE = 11;
export const MIN_NODES = 2;
const MAX_NODES = NODE_NAMES.length;

type PodPlan = Pick<PodSpec, "namespace" | "name" | "serves">;

/** Who runs on which node. */
const PODS: readonly (readonly PodPlan[])[] = [
  [
    { namespace: "shop", name: "client", serves: "nothing" },
    { namespace: "shop", name: "cart", serves: "nothing" },
  ],
  [
    { namespace: "shop", name: "web", serves: "http" },
    { namespace: "shop", name: "dns", serves: "dns" },
  ],
  [
    { namespace: "shop", name: "stock", serves: "http" },
    { namespace: "shop", name: "till", serves: "nothing" },
  ],
];

/** The same pods where the client and the servers share a node. */
function placePods(placement: Placement): typeof PODS {
  const [near = [], far = [], ...others] = PODS;
  return placement === "apart" ? PODS : [[...near, ...far], [], ...others];
}

/** The address `offset` after a block's first one. */
function addressAt(block: string, offset: number): string {
  const [base = ""] = block.split("/");
  // IPv6 blocks are written as `fd00:…::/122`.
  if (base.includes(":")) return offset === 0 ? base : `${base}${offset.toString(16)}`;
  const parts = base.split(".").map(Number);
  return [...parts.slice(0, 3), (parts[3] ?? 0) + offset].join(".");
}

function makeServices(far: NodeSpec): ServiceSpec[] {
  const { service, external } = wordsOf(far.address);
  const ipOf = (name: string): string => far.pods.find((pod) => pod.name === name)?.ip ?? "";
  const dns = {
    ...{ namespace: "shop", name: "dns", clusterIp: service(10), clusterPort: 53 },
    endpoint: { ip: ipOf("dns"), port: 53 },
  };
  const web = { ip: ipOf("web"), port: 8080 };
  const http = {
    ...{ namespace: "shop", port: "http", clusterPort: 80, endpoint: web },
    protocol: "tcp" as const,
  };
  return [
    { ...dns, port: "dns", protocol: "udp" },
    { ...dns, port: "dns-tcp", protocol: "tcp" },
    {
      ...{ ...http, name: "web", clusterIp: service(20), nodePort: 30_080 },
      ...{ externalIp: external(20), loadBalancerIp: external(10) },
    },
    { ...http, name: "edge", clusterIp: service(21), nodePort: 30_081, isLocal: true },
    {
      ...{ ...http, name: "sticky", clusterIp: service(22), affinitySeconds: 10_800 },
      others: [{ ip: ipOf("dns"), port: 53 }],
    },
  ];
}

/** Throws USAGE for a number of nodes that the lab has no names for. */
export function makeCluster(
  plan: {
    readonly addresses: AddressPlan;
    readonly attachment: Attachment;
    /** Default: apart. */
    readonly placement?: Placement;
  },
  nodeCount: number,
): Cluster {
  if (!Number.isInteger(nodeCount) || nodeCount < MIN_NODES || nodeCount > MAX_NODES) {
    throw new HopbookError("USAGE", `Cannot build a lab of ${String(nodeCount)} nodes`, {
      hint: `A lab has ${String(MIN_NODES)} or ${String(MAX_NODES)} nodes`,
    });
  }
  const { addresses, attachment, placement = "apart" } = plan;
  const placed = placePods(placement);
  const nodes = NODE_NAMES.slice(0, nodeCount).map((name, index): NodeSpec => {
    const block = addresses.blocks[index] ?? "";
    const node = { name, address: wordsOf(block).node(FIRST_NODE + index), block };
    const pods = (placed[index] ?? []).map((pod, place) => ({
      ...pod,
      ip: addressAt(block, addresses.firstPod + place),
      ...attachment.describe(pod, name),
    }));
    return { ...node, tunnelIp: addressAt(block, 0), pods };
  });
  const [near, other] = nodes as [NodeSpec, NodeSpec];
  const far = placement === "apart" ? other : near;
  return { nodes, near, far, services: makeServices(far), pool: addresses.pool };
}
