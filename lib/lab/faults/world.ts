import type { Tunnel } from "../carriage/types.js";
import { wordsOf } from "../cluster/family.js";
import type { NodeSpec, PodSpec } from "../cluster/types.js";
import type { Blueprint } from "../topology/types.js";
import { listHops, type HopPlace, type HopRole } from "../topology/hops.js";
import type { Fault, FaultPlace } from "./types.js";

/** What the faults of one lab are made from. */
export interface FaultWorld extends Blueprint {
  readonly near: NodeSpec;
  readonly far: NodeSpec;
  /** Whether the client's packets stay on its node. */
  readonly isOneNode: boolean;
  /** Whether a switch takes packets past the nodes' own tables. */
  readonly isSwitched: boolean;
  readonly clients: readonly PodSpec[];
  readonly servers: readonly PodSpec[];
  readonly tunnel: Tunnel | null;
  /** Of the family of the pods that are hurt. */
  readonly words: ReturnType<typeof wordsOf>;
  /** Where a node's routing takes what a pod sends. */
  readonly door: HopRole;
  /** Where the servers' node takes what comes for them. */
  readonly entry: HopRole;
}

/** Where pods have both families it is IPv6 that is hurt: their first addresses are of it. */
export function makeWorld(given: Blueprint): FaultWorld {
  const blueprint = given.ipv6 ?? given;
  const { topology, cluster } = blueprint;
  const { tunnel } = topology.carriage;
  const { near, far } = cluster;
  const isOneNode = near === far;
  const door = isOneNode ? "host-veth" : (topology.attachment.roles.at(-1) ?? "host-veth");
  const between = tunnel === null ? "nic" : "tunnel";
  return {
    ...blueprint,
    near,
    far,
    isOneNode,
    isSwitched: topology.vswitch !== undefined,
    clients: near.pods.filter(({ serves }) => serves === "nothing"),
    servers: far.pods.filter(({ serves }) => serves !== "nothing"),
    tunnel,
    door,
    entry: isOneNode ? door : between,
    words: wordsOf(cluster.pool),
  };
}

export function nodePlace(node: NodeSpec): FaultPlace {
  return node.name as FaultPlace;
}

/** What is lost behind one place of the path: the next one misses it. */
export function lostAfter(
  { topology, cluster }: FaultWorld,
  direction: "request" | "reply",
  at: { readonly node: NodeSpec; readonly role: HopRole },
): Fault["signature"] {
  const hops = listHops(topology, cluster);
  const { roles, mayArriveUnseen } = topology.attachment;
  const receiver = direction === "request" ? cluster.far : cluster.near;
  const isUnseen = ({ node, role }: HopPlace): boolean =>
    mayArriveUnseen === true && node === receiver.name && roles.some((each) => each === role);
  const order = (direction === "request" ? hops : hops.toReversed()).filter((hop) => !isUnseen(hop));
  const index = order.findIndex(({ node, role }) => node === at.node.name && role === at.role);
  return {
    direction,
    lastSeen: order[index] ?? null,
    firstMissing: order[index + 1] ?? null,
    verdict: "lost",
    affects: "all",
  };
}
