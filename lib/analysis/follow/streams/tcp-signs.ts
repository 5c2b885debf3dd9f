import type { Packet } from "../../dissect/packet.js";
import { sourceOf } from "../../dissect/summarise.js";
import { TCP } from "../../dissect/tcp.js";
import { REQUEST, type REPLY } from "../ends.js";

/** What one side of a connection sent, or of all connections of a flow. */
export class SideTotals {
  segments = 0;
  duplicateAcks = 0;
  zeroWindows = 0;
  longestStopUs = 0;

  add(other: SideTotals): void {
    this.segments += other.segments;
    this.duplicateAcks += other.duplicateAcks;
    this.zeroWindows += other.zeroWindows;
    this.longestStopUs = Math.max(this.longestStopUs, other.longestStopUs);
  }
}

class SideSigns extends SideTotals {
  /** Of its SYN; null where that named none. */
  maximumSegmentBytes: number | null = null;
  private stoppedUs: number | null = null;
  /** A window that was never open is closed by nothing. */
  private hasOpened = false;
  private acknowledged: number | null = null;

  note({ payloadBytes, acknowledgement, window, tcpFlags, sackBlocks }: Packet, timeUs: number): void {
    const isBare = payloadBytes === 0 && (tcpFlags & TCP.fin) === 0;
    if (!isBare) this.segments++;
    else if (sackBlocks > 0 && this.acknowledged === acknowledgement) this.duplicateAcks++;
    this.acknowledged = acknowledgement;
    const since = this.stoppedUs;
    if (window > 0) {
      this.hasOpened = true;
      this.stoppedUs = null;
    } else if (this.hasOpened) {
      this.zeroWindows++;
      this.stoppedUs ??= timeUs;
    }
    if (since !== null) this.longestStopUs = Math.max(this.longestStopUs, timeUs - since);
  }
}

/** What one place showed of a TCP connection's troubles; times by the first node's clock. */
export class TcpSigns {
  private readonly client = new SideSigns();
  private readonly server = new SideSigns();
  synUs: number | null = null;
  synAckUs: number | null = null;
  /** Where the first SYN-ACK came from. */
  answeredBy: string | null = null;
  resetAfterUs: number | null = null;
  /** NaN before the first packet. */
  private lastUs = NaN;

  /** By who sent it. */
  get by(): readonly [SideSigns, SideSigns] {
    return [this.client, this.server];
  }

  note(packet: Packet, direction: typeof REQUEST | typeof REPLY, timeUs: number): void {
    const { tcpFlags: flags } = packet;
    if ((flags & TCP.rst) !== 0) {
      this.resetAfterUs ??= Number.isNaN(this.lastUs) ? null : timeUs - this.lastUs;
      return;
    }
    this.lastUs = timeUs;
    if ((flags & TCP.syn) !== 0) this.noteSyn(packet, direction, timeUs);
    else this.sideOf(direction).note(packet, timeUs);
  }

  /** A place where addresses are changed shows a SYN-ACK before and behind that: the last is what the client gets. */
  noteAgain(packet: Packet): void {
    if (this.answeredBy !== null && isSynAck(packet)) this.answeredBy = sourceOf(packet);
  }

  private sideOf(direction: 0 | 1): SideSigns {
    return direction === REQUEST ? this.client : this.server;
  }

  private noteSyn(packet: Packet, direction: 0 | 1, timeUs: number): void {
    if (packet.maximumSegmentBytes >= 0)
      this.sideOf(direction).maximumSegmentBytes ??= packet.maximumSegmentBytes;
    if (direction === REQUEST) this.synUs ??= timeUs;
    else {
      this.synAckUs ??= timeUs;
      this.answeredBy ??= sourceOf(packet);
    }
  }
}

function isSynAck({ tcpFlags }: Packet): boolean {
  return (tcpFlags & (TCP.syn | TCP.ack)) === (TCP.syn | TCP.ack);
}
