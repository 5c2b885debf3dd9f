import type { Worn } from "../model/hops.js";

/** A tunnel's device: its kind and attributes (`info_kind` and `info_data` of `ip -d -j link`). */
export interface TunnelLink {
  readonly kind: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * Where a sender's tables name the far end of a tunnel. fdb: the next hop's MAC by the neighbour table, the node by the
 * forwarding database; remote: the device's own attribute; gateway: the route's next hop; encap: the route's `encap ip`.
 */
export type FarEndWay = "fdb" | "remote" | "gateway" | "encap";

/**
 * What has to be right at the far end. socket: a UDP socket on the tunnel's port; mac: the device has the MAC that the
 * sender's neighbour entry says; network: the device has the same port and identifier as the sender's.
 */
type FarEndCheck = "socket" | "mac" | "network";

/** What carries the format's packets: UDP to a port, or IP itself by its protocol number. */
type Carrier =
  | { readonly over: "udp"; readonly usualPorts: readonly number[] }
  /** By the version of the inner IP header. */
  | { readonly over: "ip"; readonly protocols: Readonly<Record<4 | 6, number>> };

/** How libpcap reaches the inner IP header: byte `base` of the header that `unit[…]` addresses, while all `guards` hold. */
export interface Reach {
  readonly unit: "ip" | "ip6" | "udp";
  /** A number or, where a header before it has no fixed length, an arithmetic expression of pcap-filter(7). */
  readonly base: string;
  readonly guards: readonly string[];
}

/** Where the inner packet begins. It is filled in place, so that reading a capture allocates nothing. */
export interface Inside {
  /** Where the captured bytes end. */
  readonly end: number;
  /** Of the outer IP header. */
  readonly protocol: number;
  innerAt: number;
  /** What it begins with, one of ETHERTYPE or any other. */
  innerType: number;
  /** Identifier of the tunnel's network; -1 where the format has none. */
  tunnelId: number;
}

/** All that hopbook knows of one encapsulation. */
export interface WireFormat {
  /** Its name in evidence. */
  readonly kind: string;
  /** … and for people. */
  readonly title: string;
  readonly carrier: Carrier;
  /** Kinds of devices that put packets into it. */
  readonly linkKinds: readonly string[];
  /** Which properties the encapsulation has in evidence. */
  readonly fields: Readonly<Partial<Record<"port" | "vni", "always" | "maybe">>>;
  /** In the order in which they are looked at. */
  readonly farEnd: readonly FarEndWay[];
  readonly farEndChecks: readonly FarEndCheck[];
  /** Bytes around the inner IP packet from the outer IP header on, by the outer version. */
  readonly overheadBytes: Readonly<Record<4 | 6, number>>;
  /** Bytes of options that a capture has to have room for besides. */
  readonly optionBytes: number;
  /** What the packets of a device wear; null where its attributes do not say. */
  wornBy(link: TunnelLink, outer: 4 | 6): Worn | null;
  /** The way to an inner header of that version. */
  reach(worn: Worn, inner: 4 | 6): Reach;
  /**
   * Called with the offset behind the UDP or IP header that carries the format; reads nothing outside of the captured
   * bytes. False, whatever was filled in, where it is no packet of this format.
   */
  peel(bytes: Uint8Array, at: number, into: Inside): boolean;
}

/** What carries other packets so that only its ends can read them. */
export interface SealedFormat {
  readonly kind: string;
  readonly title: string;
  /** Of either side. */
  readonly udpPorts: readonly number[];
  /** Kinds of devices that put packets into it. */
  readonly linkKinds: readonly string[];
  /** Of IP. */
  readonly protocols: readonly number[];
  /** Called with the offset behind the UDP or IP header; reads nothing outside of the captured bytes. */
  recognises(bytes: Uint8Array, at: number, of: Sealed): boolean;
  /** Whether a message of so many bytes behind the UDP or IP header may hold an IP packet of so many. */
  mayHold(payloadBytes: number, ipBytes: number): boolean;
}

interface Sealed {
  /** Where the captured bytes end. */
  readonly end: number;
  /** Length by the headers. */
  readonly payloadBytes: number;
}
