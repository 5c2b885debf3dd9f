import { TCP } from "../../dissect/tcp.js";
import type { Packet } from "../../dissect/packet.js";
import type { Application, Payload } from "./application.js";
import type { Outcomes } from "./outcomes.js";
import { Segments } from "./segments.js";
import { CLIENT, GRACE_US, otherOf, SERVER, SIDE_NAMES, type Side } from "./sides.js";

/** Payloads that are looked at for what is spoken: a capture may begin within a message. */
const MOST_ATTEMPTS = 8;

type Kind = "ok" | "error" | "none";

/** Finds out which protocol the bytes of a side are of; null: none that is known. */
export interface Protocols {
  recognise(clientPort: number, side: Side, payload: Payload): Application | null;
}

/** One TCP connection, as one place shows it. */
export class Connection {
  /** Of the client's SYN; null where it was not seen. */
  private synSequence: number | null = null;
  private synUs: number | null = null;
  private synAckUs: number | null = null;
  private isEstablished = false;
  private readonly client = new Segments();
  private readonly server = new Segments();
  private lastSide: Side | null = null;
  private lastUs = 0;
  private reset: { readonly side: Side; readonly timeUs: number } | null = null;
  private application: Application | null = null;
  private attempts = 0;

  constructor(
    private readonly outcomes: Outcomes,
    private readonly clientPort: number,
    private readonly protocols: Protocols,
  ) {}

  /** Nothing more is to come: both sides have ended, or one broke off. */
  get isOver(): boolean {
    if (this.reset !== null) return true;
    const { client, server } = this;
    return client.hasFinished && server.hasFinished && !client.isOwed && !server.isOwed;
  }

  private sentBy(side: Side): Segments {
    return side === CLIENT ? this.client : this.server;
  }

  /** Whether a client's SYN opens another connection than this one. */
  isOther(packet: Packet): boolean {
    return this.synSequence !== packet.sequence;
  }

  note(packet: Packet, bytes: Uint8Array, at: { readonly side: Side; readonly timeUs: number }): void {
    const { side, timeUs } = at;
    const flags = packet.tcpFlags;
    if ((flags & TCP.rst) !== 0) {
      this.reset = { side, timeUs };
      return;
    }
    if ((flags & TCP.ack) !== 0) this.sentBy(otherOf(side)).acknowledged = packet.acknowledgement;
    if ((flags & TCP.syn) !== 0) {
      this.sentBy(side).note(packet.sequence, 1);
      if (side === SERVER) this.synAckUs ??= timeUs;
      else {
        this.synUs ??= timeUs;
        this.synSequence ??= packet.sequence;
      }
      return;
    }
    if (side === CLIENT) this.isEstablished = true;
    if ((flags & TCP.fin) !== 0) this.sentBy(side).hasFinished = true;
    if (packet.payloadBytes > 0) this.take(packet, bytes, at);
  }

  /** Says what became of it. Nothing is said of what began so late that its end may lie behind the captures'. */
  judge(untilUs: number): void {
    this.application?.close(this.isOver ? Infinity : untilUs);
    const [outcome, kind, tookUs] = this.sumUp(untilUs);
    if (outcome !== null) this.outcomes.add({ protocol: "tcp", outcome, kind }, tookUs);
  }

  private take(packet: Packet, bytes: Uint8Array, { side, timeUs }: { side: Side; timeUs: number }): void {
    const { payloadAt: at, payloadBytes: length } = packet;
    if (!this.sentBy(side).note(packet.sequence, length)) return;
    this.lastSide = side;
    this.lastUs = timeUs;
    if (this.application === null && this.attempts >= MOST_ATTEMPTS) return;
    const payload = { bytes, at, end: Math.min(packet.end, at + length), length, timeUs };
    if (this.application === null) {
      this.attempts++;
      this.application = this.protocols.recognise(this.clientPort, side, payload);
    }
    this.application?.note(side, payload);
  }

  private sumUp(untilUs: number): readonly [string | null, Kind, number | null] {
    const { synUs, synAckUs, reset } = this;
    if (reset !== null) return this.sumUpReset(reset);
    const isOld = (timeUs: number): boolean => untilUs - timeUs > GRACE_US;
    if (synUs !== null && synAckUs === null && !this.isEstablished)
      return [isOld(synUs) ? "SYN never answered" : null, "none", null];
    if (synAckUs !== null && !this.isEstablished)
      return [isOld(synAckUs) ? "SYN-ACK never acknowledged" : null, "none", null];
    for (const side of [CLIENT, SERVER] as const)
      if (this.sentBy(side).isOwed && isOld(this.lastUs))
        return [`connected, and data of ${SIDE_NAMES[side]} never acknowledged`, "none", null];
    if (synUs === null) return ["open before the capture began", "ok", null];
    return ["connected", "ok", synAckUs === null ? null : synAckUs - synUs];
  }

  private sumUpReset({
    side,
    timeUs,
  }: {
    side: Side;
    timeUs: number;
  }): readonly [string | null, Kind, number | null] {
    const { synUs, synAckUs } = this;
    const since = (fromUs: number | null): number | null => (fromUs === null ? null : timeUs - fromUs);
    const by = SIDE_NAMES[side];
    if (!this.isEstablished && synAckUs !== null && side === CLIENT)
      return ["SYN-ACK refused by the client with a reset", "error", since(synAckUs)];
    if (!this.isEstablished && synUs !== null) {
      const when = synAckUs === null ? "SYN refused" : "SYN-ACK taken back";
      return [`${when} by ${by} with a reset`, "error", since(synUs)];
    }
    // The end of one that was over, or of which nothing is known.
    if (this.lastSide === null && synUs === null && synAckUs === null) return [null, "ok", null];
    if (this.lastSide === null)
      return [
        `connected, then reset by ${by} before any data`,
        side === CLIENT ? "ok" : "error",
        since(synAckUs),
      ];
    const words = this.application?.lastOf(this.lastSide) ?? `data of ${SIDE_NAMES[this.lastSide]}`;
    // Who has ended, or has all that it asked for, may close the rest with a reset.
    const isOrderly =
      this.sentBy(side).hasFinished ||
      this.sentBy(otherOf(side)).hasFinished ||
      (side === CLIENT && this.lastSide === SERVER);
    const outcome = `${isOrderly ? "closed" : "broken off"} by ${by} with a reset, after ${words}`;
    return [outcome, isOrderly ? "ok" : "error", timeUs - this.lastUs];
  }
}
