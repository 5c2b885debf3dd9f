import { asHopbookError } from "../../errors.js";
import type { Encapsulation } from "../../model/hops.js";
import type { Openers } from "../../wire/open.js";
import { dissectFrame, type FrameKind } from "../dissect/dissect.js";
import { Packet, STOP } from "../dissect/packet.js";
import type { CaptureReader } from "../../packets/reader.js";
import { NEITHER, type FlowEnds } from "./ends.js";
import { PacketKey } from "./key.js";

/** One hop's capture as the correlation reads it. */
export interface HopCapture {
  readonly node: string;
  /** For error messages, and what packet references name. */
  readonly pcap: string;
  readonly path: string;
  /** null: tunnels are known by their usual ports. */
  readonly encapsulation: Encapsulation | null;
  /** Unix µs by the node's clock; null where it is not known. */
  readonly listeningUs: number | null;
  readonly stoppedUs: number | null;
}

/**
 * A capture as a cursor over the packets that matter: those of the flow, and ICMP errors that quote a
 * packet. Everything else is passed over.
 */
export class HopSource {
  readonly packet = new Packet();
  readonly key: PacketKey;
  readonly kind: FrameKind;
  /** REQUEST, REPLY, or NEITHER for an ICMP error. */
  direction = NEITHER;
  /** Of the current packet, by the first node's clock. */
  timeUs = Infinity;
  /** Of the last record of the file, by its own node's clock; null before the first one. */
  lastRecordUs: number | null = null;
  /** The file is damaged or cut from here on; null where it ended as it should. */
  damage: string | null = null;

  constructor(
    readonly reader: CaptureReader,
    private readonly ends: FlowEnds,
    readonly options: {
      readonly tunnels: Openers;
      readonly hashedBytes: number;
      readonly clockAheadUs: number;
    },
  ) {
    this.key = new PacketKey(options.hashedBytes);
    this.kind = { tunnels: options.tunnels };
  }

  /** Moves to the next packet that matters; false at the end, with `timeUs` at Infinity. */
  advance(): boolean {
    const { reader, packet, ends, kind } = this;
    while (this.step()) {
      dissectFrame(reader.bytes, reader, kind, packet);
      if (packet.stop === STOP.none) {
        const direction = ends.directionOf(packet);
        if (direction !== NEITHER || packet.quoteAt >= 0) {
          this.direction = direction;
          this.timeUs = reader.timeUs - this.options.clockAheadUs;
          return true;
        }
      }
    }
    this.timeUs = Infinity;
    return false;
  }

  private step(): boolean {
    const { reader } = this;
    try {
      if (reader.next()) {
        this.lastRecordUs = reader.timeUs;
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
