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
  /** Perl that makes the device and carries its packets, where the lab does not ask the kernel for it. */
  readonly program?: string;
  /** What ip(8) is to say of such a device in JSON, where it would look like none of its kind. */
  readonly shownAs?: string;
}

/** How a CNI carries packets between nodes. */
export interface Carriage {
  readonly tunnel: Tunnel | null;
  /** A node's devices on the underlay. */
  readonly nics: readonly string[];
  /** The device that has the node's address. Default: the first NIC. */
  readonly underlay?: string;
  /** Of pods' devices. */
  readonly mtuBytes: number;
  /** Lines of `ip -batch`: devices, neighbours, routes to the other nodes' pods. */
  onNode(cluster: Cluster, node: NodeSpec): string[];
  /** How a node reaches another one's pods, as the words of `ip route` after the block; null where their subnet is its own. */
  routeTo(remote: NodeSpec): string | null;
  /** Lines of `bridge -batch`. */
  fdb(cluster: Cluster, node: NodeSpec): string[];
  /** Lines of sysctls, where it has any. */
  sysctls?(): string[];
  /** Lines of `ip -batch` for the nodes' default gateway, where it has to know the pods. */
  onOperator?(cluster: Cluster): string[];
}
