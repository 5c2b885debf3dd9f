import type { ProbeRecord } from "../../model/evidence.js";
import type { Packet } from "../dissect/packet.js";
import { REQUEST } from "./ends.js";

/** A tag is looked for in the first bytes of a payload only. */
const SEARCHED_BYTES = 256;

/** What one sighting of a packet says about whose it is; bits, so that the sightings of it add up. */
export const OWN = { unsaid: 0, yes: 1, no: 2 } as const;
export type Ownership = (typeof OWN)[keyof typeof OWN];

/** A packet is ours where one hop says so, and where none can say. */
export function isOurs(said: number): boolean {
  return (said & OWN.yes) !== 0 || said === OWN.unsaid;
}

/** How our own packets differ from other conversations between the same ends. */
export interface Identity {
  /** False where nothing is known: every packet of the flow then decides the verdict. */
  readonly known: boolean;
  ownership(packet: Packet, bytes: Uint8Array, direction: number): Ownership;
}

const EVERYTHING: Identity = { known: false, ownership: () => OWN.yes };

/** What the records of our probes say about their packets: an ICMP id, local ports, or a payload tag. */
export function identifyProbes(probes: readonly ProbeRecord[]): Identity {
  const sent = probes.filter((probe) => probe.attempts.length > 0 || probe.icmpId !== null);
  if (sent.length === 0) return EVERYTHING;
  const icmpIds = sent.flatMap((probe) => (probe.icmpId === null ? [] : [probe.icmpId]));
  if (icmpIds.length === sent.length) return byIcmpId(new Set(icmpIds));
  const ports = sent.flatMap((probe) => probe.attempts.map((attempt) => attempt.localPort));
  if (ports.every((port) => port !== null)) return byClientPort(new Set(ports));
  const tags = sent.flatMap((probe) => (probe.tagHex === null ? [] : [Buffer.from(probe.tagHex, "hex")]));
  return tags.length === sent.length && tags.every((tag) => tag.length > 0) ? byTag(tags) : EVERYTHING;
}

function byIcmpId(ids: ReadonlySet<number>): Identity {
  return { known: true, ownership: (packet) => (ids.has(packet.icmpId) ? OWN.yes : OWN.no) };
}

function byClientPort(ports: ReadonlySet<number>): Identity {
  return {
    known: true,
    ownership: (packet, _bytes, direction) => (ports.has(clientPortOf(packet, direction)) ? OWN.yes : OWN.no),
  };
}

/** Requests by their tag; replies, which need not repeat it, by the port that a tagged request came from. */
function byTag(tags: readonly Buffer[]): Identity {
  const shortest = Math.min(...tags.map((tag) => tag.length));
  const ports = new Set<number>();
  return {
    known: true,
    ownership(packet, bytes, direction) {
      if (packet.icmpType < 0 && ports.has(clientPortOf(packet, direction))) return OWN.yes;
      const end = Math.min(
        packet.end,
        packet.payloadAt + packet.payloadBytes,
        packet.payloadAt + SEARCHED_BYTES,
      );
      const kept = end - packet.payloadAt;
      let said: Ownership =
        kept >= shortest && contains(bytes, packet.payloadAt, end, tags) ? OWN.yes : OWN.no;
      // Where the snap length took the payload away, nothing speaks for or against it.
      if (kept < shortest && packet.payloadBytes >= shortest) said = OWN.unsaid;
      if (said === OWN.yes && direction === REQUEST) ports.add(packet.sourcePort);
      return said;
    },
  };
}

/** The port at the `from` end of a packet. */
function clientPortOf(packet: Packet, direction: number): number {
  return direction === REQUEST ? packet.sourcePort : packet.destinationPort;
}

function contains(bytes: Uint8Array, start: number, end: number, tags: readonly Buffer[]): boolean {
  const payload = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
  return tags.some((tag) => payload.includes(tag));
}
