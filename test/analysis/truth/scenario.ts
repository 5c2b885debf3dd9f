/**
 * What a generated set of captures is made of: plain data, so that a failing one can be printed, kept and made smaller.
 * Hops are in one order, the way `forth`; a flow whose client stands at the other end sends its requests `back`.
 */

export type Way = "forth" | "back";
export type Encapsulation = "none" | "vxlan" | "flannel" | "geneve" | "ipip";

export interface HopPlan {
  /** The file's name, unique. */
  readonly name: string;
  readonly node: number;
  /** Tunnel that packets wear here. */
  readonly wears: Encapsulation;
  /** Whether packets were routed (TTL one less) on their way from the hop before. */
  readonly routed: boolean;
  /** TCP payload bytes of one frame here: what is longer arrives in pieces; 0: as it comes. */
  readonly splitBytes: number;
  /** Pieces that follow each other arrive as one frame (GRO). */
  readonly merges: boolean;
  /** A direction that this hop does not show although it passes. */
  readonly silent: Way | null;
  readonly link: "ethernet" | "vlan" | "qinq" | "raw" | "sll" | "sll2";
}

export interface NatPlan {
  /** Position on the requests' way behind which addresses are others; `both`: the hop there shows both forms. */
  readonly after: number;
  readonly both: boolean;
  readonly destination: boolean;
  readonly source: boolean;
  /** Position behind which the source is another one, where that is farther on than the destination's. */
  readonly sourceAfter?: number;
}

export type FlowKind = "ping" | "udp" | "one-way" | "dns" | "tcp";
export type ServerPlan = "answers" | "silent" | "refuses";

export interface FlowPlan {
  readonly kind: FlowKind;
  readonly server: ServerPlan;
  readonly reversed: boolean;
  /** Addresses' host numbers. */
  readonly client: number;
  readonly backends: readonly number[];
  readonly port: number;
  /** First and last hop (in the hops' order) that this flow passes. */
  readonly span: readonly [number, number];
  readonly connections: number;
  /** Pings or datagrams of one connection. */
  readonly messages: number;
  /** Payload of a ping or datagram; of TCP's request and response. */
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly startMs: number;
  readonly gapMs: number;
  readonly nat: NatPlan | null;
  readonly timestamps: boolean;
  readonly ipId: "counter" | "zero";
  /** All messages of the same size have the same bytes. */
  readonly alike: boolean;
  /** TCP: so many segments leave the sender as one frame. */
  readonly burst: number;
}

export type LossRule =
  | { readonly kind: "all" }
  | { readonly kind: "every"; readonly nth: number; readonly first: number }
  | { readonly kind: "share"; readonly share: number }
  | { readonly kind: "first of connection" }
  | { readonly kind: "over"; readonly bytes: number }
  | { readonly kind: "run"; readonly from: number; readonly count: number }
  | { readonly kind: "backend"; readonly index: number };

export interface LossPlan {
  /** Between hop `leg` and hop `leg + 1`. */
  readonly leg: number;
  readonly way: Way;
  /** Index of the flow; null: all. */
  readonly flow: number | null;
  readonly rule: LossRule;
}

/** What happens on a leg and harms nobody. */
export interface DisorderPlan {
  readonly leg: number;
  readonly way: Way;
  readonly kind: "duplicate" | "reorder";
  readonly share: number;
}

/** What a capture does not hold although it passed. */
export interface GapPlan {
  readonly hop: number;
  readonly kind: "starts late" | "ends early" | "misses some";
  /** Of the set's time, or of the packets. */
  readonly share: number;
}

/** When a hop was captured, in µs of the set's time: packets before and after it passed as well. */
export interface WindowPlan {
  readonly fromUs: number;
  readonly untilUs: number;
}

/** What traffic of real machines has beside. */
export interface RealPlan {
  /** A TCP server that waits so often before it closes, and asks with so many bytes whether the client is there. */
  readonly keepAlives: number;
  readonly keepAliveBytes: 0 | 1;
  /** TCP payload of a retransmission: it need not repeat what was one segment. */
  readonly againBytes: number;
  /** IPv6 packets have destination options between their headers. */
  readonly extended: boolean;
  /** Senders allow ECN, and routers from this hop on (in the hops' order) mark congestion; null: neither. */
  readonly markedFrom: number | null;
}

/** What is rare, and what networks do all the same. */
export interface OddPlan {
  /** TCP's SYNs carry the first data (RFC 7413); a server that refuses them acknowledges the SYN alone. */
  readonly fastOpen?: "accepted" | "refused";
  /** Receivers say what they have behind a gap, and senders fill the gaps (RFC 2018). */
  readonly sacks?: true;
  /** Datagrams go in fragments of so many bytes, from this position of their way on; 0: their senders cut them. */
  readonly fragments?: { readonly bytes: number; readonly from: number };
  /** IP packets of more bytes do not pass a leg; whether their senders are told. */
  readonly pathMtu?: {
    readonly leg: number;
    readonly way: Way;
    readonly bytes: number;
    readonly tells: boolean;
  };
  /** A node's clock is set while its packets are captured. */
  readonly clockStep?: { readonly node: number; readonly atUs: number; readonly byUs: number };
}

export interface Scenario {
  readonly seed: number;
  readonly v6: boolean;
  readonly hops: readonly HopPlan[];
  /** µs that each node's clock is ahead. */
  readonly aheadUs: readonly number[];
  readonly flows: readonly FlowPlan[];
  readonly losses: readonly LossPlan[];
  readonly disorders: readonly DisorderPlan[];
  readonly gaps: readonly GapPlan[];
  readonly snaplenBytes: number;
  readonly mssBytes: number;
  /** ARP, IGMP and neighbours' talk that belongs to no flow. */
  readonly noise: boolean;
  /** By hop, of a run's captures under traffic that had begun before and goes on; null: bare files of all of it. */
  readonly windows: readonly WindowPlan[] | null;
  readonly real?: RealPlan;
  readonly odd?: OddPlan;
}
