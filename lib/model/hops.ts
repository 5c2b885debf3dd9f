import type { End, NetnsRef } from "./cluster.js";
import type { HopRole } from "./roles.js";
import type { ProbeKind, Protocol } from "./traffic.js";

/** What a packet of the flow wears at a hop. */
export type Encapsulation = { readonly kind: "none" } | Worn;

/** A tunnel's encapsulation. */
export interface Worn {
  /** One of lib/wire's formats, which says what of the rest there is. */
  readonly kind: string;
  /** Destination port of the outer UDP header. */
  readonly port?: number;
  /** Identifier of the tunnel's network. */
  readonly vni?: number;
  /** The outer header's IP version. */
  readonly outer: 4 | 6;
  /** Of what is sealed: bytes of another tunnel's headers that packets wear within. Absent: none. */
  readonly withinBytes?: number;
}

/** A place where the flow's packets can be captured. */
export interface Hop {
  /** Order of the request's way, from 0. */
  readonly index: number;
  /** Safe as a file name and unique in the path: `node-a.host-veth.cali1234`. */
  readonly id: string;
  readonly node: string;
  /** Name of the way in that leads there, where that is not the node's: a pod that alone can be entered. */
  readonly target?: string;
  /** `namespace/name`, of a hop in a pod's network namespace. */
  readonly pod?: string;
  readonly role: HopRole;
  /** Of a role that the recipe names by itself; absent: the role's own. */
  readonly rank?: number;
  readonly interface: string;
  readonly netns: NetnsRef;
  readonly mtuBytes: number | null;
  readonly encapsulation: Encapsulation;
  /** On their way through it packets wait in a queue, which may throw them away. Absent: in none, as far as its node says. */
  readonly queued?: true;
  /** Directions whose packets may go by it unseen (eBPF, Open vSwitch, encryption): that it shows none proves nothing. */
  readonly passedBy?: readonly ("request" | "reply")[];
  /** How it is known, for people: "crictl inspectp: cniResult names cali…". */
  readonly evidence: readonly string[];
}

/** The nodes' own addresses on the underlay, by node name. */
export type UnderlayByNode = Readonly<Record<string, { readonly ip: string; readonly interface: string }>>;

/** The tunnel's device and far end, by node name. */
export type TunnelsByNode = Readonly<
  Record<
    string,
    {
      readonly interface: string;
      /** Address of this node's own tunnel device, if it has one. */
      readonly address: string | null;
      /** The next hop towards the far pod: address, MAC by the neighbour table, VTEP by the FDB. */
      readonly gateway: string | null;
      readonly remoteMac: string | null;
      readonly remoteVtep: string | null;
    }
  >
>;

/** What the switch's own databases call the ports of the two ends; null where they have none, or it is not known. */
export interface SwitchPorts {
  readonly from: string | null;
  readonly to: string | null;
}

/** The ordered hops between two ends. */
export interface FlowPath {
  readonly from: End;
  readonly to: End;
  /** Name of the hop recipe that described it. */
  readonly recipe: string;
  /** In the request's order. */
  readonly hops: readonly Hop[];
  /** In the reply's order, only where it does not come back through the same hops. */
  readonly replyHops: readonly Hop[] | null;
  /** Keys only for nodes of the path. */
  readonly underlay: UnderlayByNode;
  /** For inspection; empty without a tunnel. */
  readonly tunnels: TunnelsByNode;
  /** A switch takes the packets past the nodes' own routes and rules. Absent: none does. */
  readonly switched?: SwitchPorts;
  /** What discovery noticed on the way that a reader should know: a missing FDB entry, a down link. */
  readonly notes: readonly string[];
  /**
   * Of a Service asked for by another node's address: the way to that node, and the way from there to the backend, of which this one
   * is made. Absent: it is one way.
   */
  readonly parts?: readonly [FlowPath, FlowPath];
  /** Nodes of the ends that could not be entered, so that none of their own hops is there. Absent: all could. */
  readonly unseen?: readonly string[];
  /** Why, and which pods could not be looked into though their nodes could. Absent: none that was meant to be. */
  readonly unentered?: readonly Unentered[];
}

/** A node of an end, or a pod, that was to be looked into and could not be. */
export interface Unentered {
  readonly end: "from" | "to";
  readonly node: string;
  /** `namespace/name`, or the address where no name is known; null: the node itself. */
  readonly pod: string | null;
  /** The node's own address, by the profile, the API or the other node; null where none is known. */
  readonly address: string | null;
  /** A clause without a full stop: "no route to host". */
  readonly why: string;
  /** It could be entered, and nothing can be captured there. */
  readonly isEntered?: boolean;
}

/** "node-b could not be entered: no route to host". */
export function sayUnentered({ node, pod, why, isEntered = false }: Unentered): string {
  if (isEntered) return `nothing could be captured on ${pod ?? node}: ${why}`;
  const what = pod === null ? `${node} could not be entered` : `${pod} on ${node} could not be looked into`;
  return `${what}: ${why}`;
}

/** The name of the way in by which commands get to a hop or an end. */
export function targetOf<Node extends string | null>(at: {
  readonly node: Node;
  readonly target?: string;
}): Node | string {
  return at.target ?? at.node;
}

/** One conversation to be followed along a path. Several flows of one run share hops (by `Hop.id`). */
export interface Flow {
  /** Safe as a file name, unique in the run: `f0-ping`, `f1-http`. */
  readonly id: string;
  readonly path: FlowPath;
  readonly protocol: Protocol;
  /** null: only watch. */
  readonly probe: ProbeKind | null;
  /** Of ping-large: the IP packets' size; absent: the largest that the first hop carries. */
  readonly sizeBytes?: number;
  /** What takes these packets answers none: a tunnel's port. */
  readonly oneWay?: true;
}
