import type { Packet } from "../../dissect/packet.js";
import { sourceOf } from "../../dissect/summarise.js";
import { TCP } from "../../dissect/tcp.js";
import { REQUEST, type REPLY } from "../ends.js";
import type { Sighting } from "../sightings.js";

/** When a connection was reset. */
type ResetPhase = "syn" | "handshake" | "data" | "closing";

/** A RST: who sent it, when, and where it was seen first at each place. */
export interface Reset {
  readonly by: typeof REQUEST | typeof REPLY;
  readonly ip: string;
  readonly phase: ResetPhase;
  readonly timeUs: number;
  readonly sightings: Sighting[];
}

/** Linux waits for at least 200 ms before it sends again what was not acknowledged. */
const LEAST_TIMEOUT_US = 150_000;

/** What one side sent again. */
class Repeats {
  /** … since anything of it was acknowledged. */
  count = 0;
  private lastUs = -Infinity;
  private acknowledged: number | null = null;

  note(timeUs: number): void {
    if (timeUs - this.lastUs >= LEAST_TIMEOUT_US) this.count += 1;
    this.lastUs = timeUs;
  }

  acknowledge({ acknowledgement }: Packet): void {
    if (this.acknowledged === acknowledgement) return;
    this.acknowledged = acknowledgement;
    this.count = 0;
  }
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
  /** By who sent it; null: nothing was sent again. */
  private readonly repeats: [Repeats | null, Repeats | null] = [null, null];

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
    this.repeats[direction === REQUEST ? 1 : 0]?.acknowledge(packet);
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

  /** A packet that carries only what its sender had sent before: again, if not a copy that the network made. */
  noteRepeat(direction: 0 | 1, timeUs: number): void {
    const repeats = (this.repeats[direction] ??= new Repeats());
    repeats.note(timeUs);
  }

  /** How often a direction's data were sent again since anything of them was acknowledged. */
  unacknowledgedRepeats(direction: 0 | 1): number {
    return this.repeats[direction]?.count ?? 0;
  }

  /** What another story of the same connection told. */
  absorb(other: TcpStory): void {
    this.syns += other.syns;
    this.synAcks += other.synAcks;
    this.established ||= other.established;
    this.clientBytes += other.clientBytes;
    this.serverBytes += other.serverBytes;
    this.hasClientFinished ||= other.hasClientFinished;
    this.hasServerFinished ||= other.hasServerFinished;
    this.lastPayload ??= other.lastPayload;
    this.requestAcked ||= other.requestAcked;
    this.reset ??= other.reset;
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
