import { asHopbookError } from "../../errors.js";
import type { Encapsulation } from "../../model/hops.js";
import type { Openers } from "../../wire/open.js";
import { dissectFrame, type FrameKind } from "../dissect/dissect.js";
import { ICMP } from "../dissect/icmp.js";
import { ICMPV6 } from "../dissect/icmpv6.js";
import { Packet, PROTOCOL, STOP } from "../dissect/packet.js";
import { openDevice } from "../../packets/device.js";
import type { CaptureReader } from "../../packets/reader.js";
import { PacketKey } from "./key.js";
import type { Sighting } from "./sightings.js";

/** One place's capture as the analysis reads it. */
export interface HopCapture {
  readonly node: string;
  /** For error messages, and what packet references name. */
  readonly pcap: string;
  readonly path: string;
  /** Of a file that shows several, the one that is this place; else the file is. */
  readonly device?: number;
  /** null: tunnels are known by their usual ports. */
  readonly encapsulation: Encapsulation | null;
  /** Unix µs by the node's clock; null where it is not known. */
  readonly listeningUs: number | null;
  readonly stoppedUs: number | null;
}

/** Throws EVIDENCE_INVALID or FILE_UNREADABLE where it cannot be opened. */
export function openPlace({ path, pcap, device }: HopCapture): CaptureReader {
  return openDevice(path, pcap, device ?? null);
}

/** What a packet is to the analysis. */
export const MATTER = { flow: 0, error: 1, neighbour: 2, nothing: 3 } as const;

/** A capture as a cursor over the packets that matter; everything else is passed over. */
export class HopSource {
  readonly packet = new Packet();
  readonly key: PacketKey;
  readonly kind: FrameKind;
  matter: number = MATTER.nothing;
  /** Of the current packet, by the first node's clock; Infinity at the end. */
  timeUs = Infinity;
  private firstUs = NaN;
  private lastUs = NaN;
  /** The file is damaged or cut from here on; null where it ended as it should. */
  damage: string | null = null;

  constructor(
    readonly reader: CaptureReader,
    readonly options: {
      readonly tunnels: Openers;
      readonly keptBytes: number;
      readonly clockAheadUs: number;
    },
  ) {
    this.key = new PacketKey(options.keptBytes);
    this.kind = { tunnels: options.tunnels };
  }

  /** Of the first and the last record of the file, by its own node's clock; null before the first one. */
  get firstRecordUs(): number | null {
    return Number.isNaN(this.firstUs) ? null : this.firstUs;
  }
  get lastRecordUs(): number | null {
    return Number.isNaN(this.lastUs) ? null : this.lastUs;
  }

  /** Moves to the next packet that matters; false at the end. */
  advance(): boolean {
    const { reader, packet, kind } = this;
    while (this.step()) {
      dissectFrame(reader.bytes, reader, kind, packet);
      const matter = matterOf(packet);
      if (matter === MATTER.nothing) continue;
      this.matter = matter;
      this.timeUs = reader.timeUs - this.options.clockAheadUs;
      return true;
    }
    this.timeUs = Infinity;
    return false;
  }

  private step(): boolean {
    const { reader } = this;
    try {
      if (reader.next()) {
        this.lastUs = reader.timeUs;
        if (Number.isNaN(this.firstUs)) this.firstUs = reader.timeUs;
        return true;
      }
    } catch (error) {
      this.damage = asHopbookError(error).message;
      return false;
    }
    if (reader.truncated) this.damage = `ends within a packet: ${reader.truncatedBytes} bytes of it are left`;
    return false;
  }
}

function matterOf(packet: Packet): number {
  if (packet.stop !== STOP.none) return packet.arpOperation > 0 ? MATTER.neighbour : MATTER.nothing;
  const { protocol } = packet;
  if (protocol === PROTOCOL.tcp || protocol === PROTOCOL.udp) return MATTER.flow;
  if (packet.quoteAt >= 0) return MATTER.error;
  if (packet.fragmentOffset > 0) return MATTER.flow;
  const type = packet.icmpType;
  if (packet.version === 6) {
    if (type === ICMPV6.echoRequest || type === ICMPV6.echoReply) return MATTER.flow;
    const isDiscovery = type === ICMPV6.neighbourSolicitation || type === ICMPV6.neighbourAdvertisement;
    return isDiscovery ? MATTER.neighbour : MATTER.nothing;
  }
  return type === ICMP.echoRequest || type === ICMP.echoReply ? MATTER.flow : MATTER.nothing;
}

/** Where a source stands. */
export function sightingOf({ reader, timeUs }: HopSource, place: number): Sighting {
  return { source: place, timeUs, frame: reader.frame, recordOffset: reader.recordOffset };
}

/** Until when the captures show what happened, by the first node's clock; -Infinity where they show nothing. */
export function untilUsOf(sources: readonly HopSource[], captures: readonly HopCapture[]): number {
  const ends = sources.map(({ lastRecordUs, options }, place) => {
    const { stoppedUs } = captures[place]!;
    return Math.max(lastRecordUs ?? -Infinity, stoppedUs ?? -Infinity) - options.clockAheadUs;
  });
  return Math.max(...ends);
}

/** When the last capture began, or shows its first packet, by the first node's clock; -Infinity where they show nothing. */
export function begunUsOf(sources: readonly HopSource[], captures: readonly HopCapture[]): number {
  const begins = sources.map(({ firstRecordUs, options }, place) => {
    const { listeningUs } = captures[place]!;
    return (listeningUs ?? firstRecordUs ?? -Infinity) - options.clockAheadUs;
  });
  return Math.max(...begins);
}
