import type { Cluster, NodeSpec } from "../cluster/types.js";

/** A device that packets between nodes are wrapped by. */
export interface Tunnel {
  readonly device: string;
  /** Whether bridge(8) tells it where other nodes are. */
  readonly hasFdb: boolean;
  /** What wrapped packets are known by: the protocol as iptables names it, and the port where it has any. */
  readonly match: { readonly protocol: "udp" | "ipencap"; readonly port: number | null };
  /** What people call it. */
  readonly title: string;
}

/** How a CNI carries packets between nodes. */
export interface Carriage {
  readonly tunnel: Tunnel | null;
  /** Of pods' devices. */
  readonly mtuBytes: number;
  /** Lines of `ip -batch`: devices, neighbours, routes to the other nodes' pods. */
  onNode(cluster: Cluster, node: NodeSpec): string[];
  /** How a node reaches another one's pods, as the words of `ip route` after the block. */
  routeTo(remote: NodeSpec): string;
  /** Lines of `bridge -batch`. */
  fdb(cluster: Cluster, node: NodeSpec): string[];
}
