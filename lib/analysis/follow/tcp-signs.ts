import type { Packet } from "../dissect/packet.js";
import { sourceOf } from "../dissect/summarise.js";
import { TCP } from "../dissect/tcp.js";
import { REPLY, REQUEST } from "./ends.js";

/** What one place showed of a TCP connection's troubles; times by the first node's clock. By who sent it. */
export class TcpSigns {
  synUs: number | null = null;
  synAckUs: number | null = null;
  /** Where the first SYN-ACK came from. */
  answeredBy: string | null = null;
  resetAfterUs: number | null = null;
  readonly maximumSegmentBytes: [number | null, number | null] = [null, null];
  readonly segments: [number, number] = [0, 0];
  readonly duplicateAcks: [number, number] = [0, 0];
  readonly zeroWindows: [number, number] = [0, 0];
  readonly longestStopUs: [number, number] = [0, 0];
  private readonly stoppedUs: [number | null, number | null] = [null, null];
  /** A window that was never open is closed by nothing. */
  private readonly hasOpened: [boolean, boolean] = [false, false];
  private readonly acknowledged: [number | null, number | null] = [null, null];
  private lastUs: number | null = null;

  note(packet: Packet, direction: typeof REQUEST | typeof REPLY, timeUs: number): void {
    const { tcpFlags: flags } = packet;
    if ((flags & TCP.rst) !== 0) {
      this.resetAfterUs ??= this.lastUs === null ? null : timeUs - this.lastUs;
      return;
    }
    this.lastUs = timeUs;
    if ((flags & TCP.syn) !== 0) this.noteSyn(packet, direction, timeUs);
    else this.noteSegment(packet, direction, timeUs);
  }

  /** A place where addresses are changed shows a SYN-ACK before and behind that: the last is what the client gets. */
  noteAgain(packet: Packet): void {
    if (this.answeredBy !== null && isSynAck(packet)) this.answeredBy = sourceOf(packet);
  }

  private noteSyn(packet: Packet, direction: 0 | 1, timeUs: number): void {
    if (packet.maximumSegmentBytes >= 0) this.maximumSegmentBytes[direction] ??= packet.maximumSegmentBytes;
    if (direction === REQUEST) this.synUs ??= timeUs;
    else {
      this.synAckUs ??= timeUs;
      this.answeredBy ??= sourceOf(packet);
    }
  }

  private noteSegment(packet: Packet, direction: 0 | 1, timeUs: number): void {
    const { payloadBytes, acknowledgement, window, tcpFlags } = packet;
    const isBare = payloadBytes === 0 && (tcpFlags & TCP.fin) === 0;
    if (!isBare) this.segments[direction]++;
    if (isBare && this.acknowledged[direction] === acknowledgement && packet.sackBlocks > 0)
      this.duplicateAcks[direction]++;
    this.acknowledged[direction] = acknowledgement;
    const since = this.stoppedUs[direction];
    if (window > 0) {
      this.hasOpened[direction] = true;
      this.stoppedUs[direction] = null;
    } else if (this.hasOpened[direction]) {
      this.zeroWindows[direction]++;
      this.stoppedUs[direction] ??= timeUs;
    }
    if (since === null) return;
    this.longestStopUs[direction] = Math.max(this.longestStopUs[direction], timeUs - since);
  }
}

/** The same of all connections of a flow. */
export class TcpTotals {
  readonly segments: [number, number] = [0, 0];
  readonly duplicateAcks: [number, number] = [0, 0];
  readonly zeroWindows: [number, number] = [0, 0];
  readonly longestStopUs: [number, number] = [0, 0];

  add(signs: TcpSigns): void {
    for (const side of [REQUEST, REPLY] as const) {
      this.segments[side] += signs.segments[side];
      this.duplicateAcks[side] += signs.duplicateAcks[side];
      this.zeroWindows[side] += signs.zeroWindows[side];
      this.longestStopUs[side] = Math.max(this.longestStopUs[side], signs.longestStopUs[side]);
    }
  }
}

function isSynAck({ tcpFlags }: Packet): boolean {
  return (tcpFlags & (TCP.syn | TCP.ack)) === (TCP.syn | TCP.ack);
}
