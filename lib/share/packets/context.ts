import type { Openers } from "../../wire/open.js";

/** What is asked of every address and name that a packet has; all of it in place. */
export interface PacketMapping {
  readonly addresses: {
    map4At(bytes: Uint8Array, at: number): void;
    map6At(bytes: Uint8Array, at: number): void;
  };
  readonly macs: { mapAt(bytes: Uint8Array, at: number): void };
  /** A domain name's labels, to as many. */
  labels(labels: readonly string[]): readonly string[];
}

/** What the parts of a frame's way through the headers have in common. */
export interface PacketContext {
  /** The record's bytes. */
  bytes: Uint8Array;
  readonly mapping: PacketMapping;
  readonly addresses: PacketMapping["addresses"];
  readonly macs: PacketMapping["macs"];
  readonly openers: Openers;
  readonly keepsPayload: boolean;
  /** What hopbook's own probes carry. */
  readonly tags: readonly Uint8Array[];
  readonly payloadKey: Uint8Array;
  /** The record has all bytes that were on the wire, so that its checksums can be told right from wrong. */
  isWhole: boolean;
  /** Bytes of payload that were overwritten so far, of all records. */
  overwrittenBytes: number;
  /** Packets within packets so far. */
  depth: number;
  /** What a tunnel's header is followed by, of that type; how many of the record's bytes stay. */
  readonly enter: (type: number, at: number, end: number) => number;
  /** An IP packet within, as ICMP quotes one. */
  readonly enterIp: (at: number, end: number) => number;
}

/** A transport header, and what is within. */
export interface Segment {
  readonly protocol: number;
  readonly at: number;
  /** Where the captured bytes of the packet end. */
  readonly end: number;
  /** By the headers. */
  readonly lengthBytes: number;
  readonly version: 4 | 6;
  /** Sums of the addresses, the protocol and the length. */
  readonly pseudo: { readonly before: number; readonly after: number };
}
