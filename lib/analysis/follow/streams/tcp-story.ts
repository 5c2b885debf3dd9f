import type { Packet } from "../../dissect/packet.js";
import { sourceOf } from "../../dissect/summarise.js";
import { TCP } from "../../dissect/tcp.js";
import { REQUEST, type REPLY } from "../ends.js";
import type { Sighting } from "../sightings.js";

/** When a connection was reset. */
export type ResetPhase = "syn" | "handshake" | "data" | "closing";

/** A RST: who sent it, when, and where it was seen first at each place. */
export interface Reset {
  readonly by: typeof REQUEST | typeof REPLY;
  readonly ip: string;
  readonly phase: ResetPhase;
  readonly timeUs: number;
  readonly sightings: Sighting[];
}

/** What became of one TCP connection, as its packets tell. Nothing of it is set for other protocols. */
export class TcpStory {
  syns = 0;
  synAcks = 0;
  /** The client acknowledged the SYN-ACK. */
  established = false;
  private clientBytes = 0;
  private serverBytes = 0;
  private hasClientFinished = false;
  private hasServerFinished = false;
  private lastPayload: typeof REQUEST | typeof REPLY | null = null;
  /** The server acknowledged something that the client sent after its SYN. */
  requestAcked = false;
  reset: Reset | null = null;

  /** By who sent them. */
  get payloadBytes(): readonly [number, number] {
    return [this.clientBytes, this.serverBytes];
  }

  get finished(): readonly [boolean, boolean] {
    return [this.hasClientFinished, this.hasServerFinished];
  }

  /** A server repeats its SYN-ACK of before the captures began, to a client that gave up since, and says so. */
  get isLeftOver(): boolean {
    return this.syns === 0 && this.synAcks > 0 && !this.established && this.reset?.by === REQUEST;
  }

  get isClosing(): boolean {
    return this.hasClientFinished || this.hasServerFinished;
  }

  /** Who said something last. */
  get saidLast(): typeof REQUEST | typeof REPLY | null {
    return this.lastPayload;
  }

  addPayload(bytes: number, direction: 0 | 1): void {
    if (bytes > 0) this.lastPayload = direction;
    if (direction === REQUEST) this.clientBytes += bytes;
    else this.serverBytes += bytes;
  }

  /** Called once for each transmission, when it is seen first. */
  note(packet: Packet, direction: 0 | 1): void {
    const flags = packet.tcpFlags;
    this.addPayload(packet.payloadBytes, direction);
    if ((flags & TCP.rst) !== 0) return;
    if ((flags & TCP.fin) !== 0) {
      if (direction === REQUEST) this.hasClientFinished = true;
      else this.hasServerFinished = true;
    }
    if ((flags & TCP.syn) !== 0) {
      if ((flags & TCP.ack) === 0) this.syns++;
      else this.synAcks++;
      return;
    }
    if (direction === REQUEST) this.established = true;
    else if (this.clientBytes > 0) this.requestAcked = true;
  }

  /** Called for each sighting of a RST. */
  noteReset(packet: Packet, direction: 0 | 1, sighting: Sighting): void {
    this.reset ??= {
      by: direction,
      ip: sourceOf(packet),
      phase: this.phase(direction),
      timeUs: sighting.timeUs,
      sightings: [],
    };
    if (this.reset.by !== direction) return;
    if (this.reset.sightings.every(({ source }) => source !== sighting.source))
      this.reset.sightings.push(sighting);
  }

  private phase(by: 0 | 1): ResetPhase {
    if (this.isClosing) return "closing";
    if (this.serverBytes > 0) return "data";
    if (this.clientBytes > 0) return by === REQUEST ? "data" : "handshake";
    return this.synAcks > 0 ? "handshake" : "syn";
  }
}
