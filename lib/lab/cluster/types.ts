/** A cluster of the lab as data: who is where. */

export interface PodSpec {
  readonly namespace: string;
  readonly name: string;
  readonly ip: string;
  /** Those of the other IP family, as the runtime names them besides. */
  readonly additionalIps?: readonly string[];
  readonly serves: "nothing" | "http" | "dns";
  /** The device of the host that a CNI would name first: the other end of the pod's eth0. */
  readonly hostInterface: string;
  readonly hostMac: string;
  /** What the host's end is a port of, where the CNI's result names it too. */
  readonly bridge: { readonly name: string; readonly mac: string } | null;
}

export interface NodeSpec {
  readonly name: string;
  readonly address: string;
  /** The node's block of pod addresses. */
  readonly block: string;
  /** The block's first address: the tunnel device's, where there is one. */
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
  readonly endpoint: ServiceEndpoint;
  /** More of them. */
  readonly others?: readonly ServiceEndpoint[];
  /** On every node's own addresses. */
  readonly nodePort?: number;
  readonly externalIp?: string;
  readonly loadBalancerIp?: string;
  /** What comes from outside is for the pods of the node that it comes to (externalTrafficPolicy: Local). */
  readonly isLocal?: boolean;
  /** A client is kept to one endpoint for so long (sessionAffinity: ClientIP). */
  readonly affinitySeconds?: number;
}

interface ServiceEndpoint {
  readonly ip: string;
  readonly port: number;
}

/** Where pods get their addresses. */
export interface AddressPlan {
  readonly pool: string;
  /** One for each node that there may be. */
  readonly blocks: readonly [string, string, string];
  /** Of the first pod within its node's block. */
  readonly firstPod: number;
}

/** Whether servers have a node of their own or share the client's. */
export type Placement = "apart" | "one-node";

/** What the wirings and rules are made from. `near` sends, `far` has the servers, which may be the same one; the others come after them. */
export interface Cluster {
  readonly nodes: readonly NodeSpec[];
  readonly near: NodeSpec;
  readonly far: NodeSpec;
  readonly services: readonly ServiceSpec[];
  /** All pods' addresses. */
  readonly pool: string;
}

export function othersOf(cluster: Cluster, node: NodeSpec): NodeSpec[] {
  return cluster.nodes.filter((other) => other.name !== node.name);
}

/** The node of a name; the same one of another family's cluster. */
export function findNode({ nodes, near }: Cluster, name: string): NodeSpec {
  return nodes.find((node) => node.name === name) ?? near;
}

export function findPod(
  { nodes }: Cluster,
  { namespace, name }: Pick<PodSpec, "namespace" | "name">,
): { readonly node: NodeSpec; readonly pod: PodSpec } | undefined {
  return nodes
    .flatMap((node) => node.pods.map((pod) => ({ node, pod })))
    .find(({ pod }) => pod.namespace === namespace && pod.name === name);
}
