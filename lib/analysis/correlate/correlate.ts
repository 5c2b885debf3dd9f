import { openersOf } from "../../wire/open.js";
import { PROTOCOL } from "../dissect/packet.js";
import { TCP } from "../dissect/tcp.js";
import { openCapture } from "../../packets/open.js";
import type { CaptureReader } from "../../packets/reader.js";
import { ConnectionTable, type Connection } from "./connections.js";
import { estimateClocks, type ClockEstimate } from "./clock.js";
import type { CorrelateInput } from "./input.js";
import { FlowEnds, NEITHER, REPLY, REQUEST } from "./ends.js";
import { clientPortOf, isOurs, OWN } from "./identity.js";
import { InFlight } from "./inflight.js";
import { leastHashedBytes } from "./prefix.js";
import { RejectionLog, type Rejection } from "./rejections.js";
import { HopSource } from "./source.js";
import { StreamTable } from "./streams.js";
import { DirectionTally } from "./tally.js";

/** Longer than any path takes; a packet not seen at the next hop within it is judged. */
export const DEFAULT_WINDOW_US = 10_000_000;
/** Bit masks of hops are 32-bit. */
export const MOST_CAPTURES = 31;

/** How one capture was read. */
export interface CaptureReading {
  readonly records: number;
  readonly damage: string | null;
}

export interface Correlation {
  readonly request: DirectionTally;
  readonly reply: DirectionTally;
  readonly rejections: readonly Rejection[];
  readonly rejectedOthers: number;
  readonly connections: readonly Connection[];
  readonly clocks: readonly ClockEstimate[];
  readonly readings: readonly CaptureReading[];
}

/**
 * Follows each packet of a flow through its captures: a merge of all of them in time, in one pass and in
 * flat memory. Throws EVIDENCE_INVALID or FILE_UNREADABLE where a capture cannot be opened.
 */
export function correlate(input: CorrelateInput): Correlation {
  const clocks = estimateClocks(input);
  const readers: CaptureReader[] = [];
  try {
    for (const capture of input.captures) readers.push(openCapture(capture.path, capture.pcap));
    return new Correlator(input, readers, clocks).run();
  } finally {
    for (const reader of readers) reader.close();
  }
}

class Correlator {
  private readonly sources: readonly HopSource[];
  private readonly flight: InFlight;
  private readonly streams: StreamTable;
  private readonly connections = new ConnectionTable();
  private readonly rejections: RejectionLog;
  private readonly tallies: readonly [DirectionTally, DirectionTally];
  private readonly complete: readonly [number, number];
  private readonly windowUs: number;
  private readonly hopCount: number;
  private anyFragments = false;

  constructor(
    private readonly input: CorrelateInput,
    readers: readonly CaptureReader[],
    private readonly clocks: readonly ClockEstimate[],
  ) {
    const ends = new FlowEnds(input.from, input.to, input.protocol);
    const hashedBytes = leastHashedBytes(input.captures, readers);
    this.sources = readers.map((reader, index) => {
      const { encapsulation, node } = input.captures[index]!;
      const clockAheadUs = clocks.find((clock) => clock.node === node)?.aheadUs ?? 0;
      return new HopSource(reader, ends, { tunnels: openersOf(encapsulation), hashedBytes, clockAheadUs });
    });
    this.hopCount = readers.length;
    this.windowUs = input.windowUs ?? DEFAULT_WINDOW_US;
    this.flight = new InFlight(this.hopCount);
    this.streams = new StreamTable(this.hopCount, this.windowUs);
    this.rejections = new RejectionLog(ends, input.identity, this.hopCount);
    this.tallies = [
      new DirectionTally(REQUEST, input.requestOrder, this.hopCount),
      new DirectionTally(REPLY, input.replyOrder, this.hopCount),
    ];
    this.complete = [maskOf(input.requestOrder), maskOf(input.replyOrder)];
  }

  run(): Correlation {
    for (const source of this.sources) source.advance();
    for (let hop = this.earliest(); hop >= 0; hop = this.earliest()) {
      const source = this.sources[hop]!;
      this.expire(source.timeUs - this.windowUs);
      if (source.direction === NEITHER) this.rejections.note(source, hop);
      else this.follow(source, hop);
      source.advance();
    }
    while (this.flight.oldest >= 0) this.judge(this.flight.oldest);
    return {
      request: this.tallies[0],
      reply: this.tallies[1],
      rejections: this.rejections.own,
      rejectedOthers: this.rejections.others,
      connections: this.connections.all,
      clocks: this.clocks,
      readings: this.sources.map(({ reader, damage }) => ({ records: reader.frame, damage })),
    };
  }

  /** The hop whose next packet is the earliest; -1 at the end of them all. */
  private earliest(): number {
    let found = -1;
    let time = Infinity;
    for (let hop = 0; hop < this.hopCount; hop++) {
      const { timeUs } = this.sources[hop]!;
      if (timeUs < time) {
        time = timeUs;
        found = hop;
      }
    }
    return found;
  }

  private expire(beforeUs: number): void {
    const { flight } = this;
    while (flight.oldest >= 0 && (flight.firstUs[flight.oldest]! < beforeUs || flight.isFull))
      this.judge(flight.oldest);
  }

  private follow(source: HopSource, hop: number): void {
    const { packet, key, reader, direction, timeUs } = source;
    const { flight } = this;
    const bit = 1 << hop;
    if ((this.complete[direction as 0 | 1] & bit) === 0) return;
    key.compute(packet, reader.bytes, direction);
    let slot = flight.find(key.first, key.second, { bit, timeUs });
    const isNew = slot < 0;
    if (isNew) {
      slot = flight.add(key.first, key.second, timeUs);
      flight.direction[slot] = direction;
      flight.ipBytes[slot] = packet.ipBytes;
      flight.ipId[slot] = packet.ipId;
    }
    const mask = flight.mask[slot]! | bit;
    flight.mask[slot] = mask;
    const at = slot * this.hopCount + hop;
    flight.timesUs[at] = timeUs;
    flight.frames[at] = reader.frame;
    flight.offsets[at] = reader.recordOffset;
    flight.own[slot]! |= this.ownership(source);
    if (packet.protocol === PROTOCOL.tcp && packet.fragmentOffset === 0) this.followTcp(source, hop, slot);
    else if (packet.fragmentOffset > 0 || packet.moreFragments === 1) this.followFragment(source, hop, slot);
    else this.followWhole(source, hop, slot);
    if (mask === this.complete[direction as 0 | 1]) this.judge(slot);
  }

  private ownership({ packet, reader, direction }: HopSource): number {
    const { identity } = this.input;
    if (packet.fragmentOffset === 0) return identity.ownership(packet, reader.bytes, direction);
    // The first fragment speaks for the others.
    return identity.known ? OWN.no : OWN.yes;
  }

  private followTcp(source: HopSource, hop: number, slot: number): void {
    const { packet, direction, timeUs } = source;
    const { flight } = this;
    const clientPort = clientPortOf(packet, direction);
    const own = isOurs(flight.own[slot]!);
    this.connections.note(packet, direction, { clientPort, own, sighting: () => sightingOf(source, hop) });
    const length = packet.payloadBytes + sequenceFlags(packet.tcpFlags);
    if (length === 0) {
      flight.bare[slot] = (packet.tcpFlags & TCP.rst) === 0 || direction === REQUEST ? 1 : 0;
      return;
    }
    const stream = this.streams.ofTcp(packet, direction, { clientPort, timeUs });
    const start = stream.unwrap(packet.sequence);
    if (stream.add(hop, start, start + length) && own) this.tallies[direction as 0 | 1].retransmitted[hop]!++;
    this.setRange(slot, { stream, start, end: start + length });
  }

  private followFragment(source: HopSource, hop: number, slot: number): void {
    const { packet, direction, timeUs } = source;
    this.anyFragments = true;
    const stream = this.streams.ofFragment(packet, direction, timeUs);
    if (packet.fragmentOffset === 0 && isOurs(this.flight.own[slot]!)) stream.own = true;
    const start = packet.fragmentOffset;
    stream.add(hop, start, start + packet.l4Bytes);
    this.setRange(slot, { stream, start, end: start + packet.l4Bytes });
  }

  /** A datagram that is whole here may be in fragments elsewhere. */
  private followWhole(source: HopSource, hop: number, slot: number): void {
    const { packet, direction } = source;
    if (packet.version !== 4 || packet.dontFragment === 1) return;
    this.flight.rangeEnd[slot] = packet.l4Bytes;
    if (this.anyFragments) this.streams.findFragments(packet.ipId, direction)?.add(hop, 0, packet.l4Bytes);
  }

  private setRange(
    slot: number,
    range: { stream: NonNullable<InFlight["streams"][number]>; start: number; end: number },
  ): void {
    const { flight } = this;
    flight.streams[slot] = range.stream;
    flight.rangeStart[slot] = range.start;
    flight.rangeEnd[slot] = range.end;
  }

  /** Says what became of a packet, and forgets it. */
  private judge(slot: number): void {
    const { flight } = this;
    const direction = flight.direction[slot] as 0 | 1;
    const mask = flight.mask[slot]!;
    const stream = flight.streams[slot];
    if (stream?.own === true) flight.own[slot]! |= OWN.yes;
    const seen = mask === this.complete[direction] ? mask : mask | this.coverage(slot, direction);
    this.tallies[direction].count(flight, slot, seen, (last) => this.isCovered(slot, direction, last));
    flight.remove(slot);
  }

  /** The hops that showed all of a packet's bytes, in whatever pieces. */
  private coverage(slot: number, direction: 0 | 1): number {
    const { flight } = this;
    const [start, end] = [flight.rangeStart[slot]!, flight.rangeEnd[slot]!];
    if (start === end) return 0;
    const stream = flight.streams[slot] ?? this.streams.findFragments(flight.ipId[slot]!, direction);
    let covered = 0;
    for (const hop of this.tallies[direction].order)
      if (stream?.covers(hop, start, end) === true) covered |= 1 << hop;
    return covered;
  }

  /** Whether the next hop's capture was running, and whole, when a packet would have come there. */
  private isCovered(slot: number, direction: 0 | 1, last: number): boolean {
    const { order } = this.tallies[direction];
    const next = order[last + 1]!;
    const source = this.sources[next]!;
    const capture = this.input.captures[next]!;
    const { mask, firstUs, timesUs } = this.flight;
    const seen = order[last]!;
    // A packet known by its pieces only has no time of its own at that hop.
    const seenUs = (mask[slot]! & (1 << seen)) === 0 ? firstUs[slot]! : timesUs[slot * this.hopCount + seen]!;
    const timeUs = seenUs + source.options.clockAheadUs;
    if (capture.listeningUs !== null && timeUs < capture.listeningUs) return false;
    if (source.damage !== null && timeUs > (source.lastRecordUs ?? 0)) return false;
    return capture.stoppedUs === null || timeUs <= capture.stoppedUs - this.input.tailUs;
  }
}

function maskOf(order: readonly number[]): number {
  return order.reduce((mask, hop) => mask | (1 << hop), 0);
}

function sequenceFlags(flags: number): number {
  return ((flags & TCP.syn) === 0 ? 0 : 1) + ((flags & TCP.fin) === 0 ? 0 : 1);
}

function sightingOf(
  source: HopSource,
  hop: number,
): ReturnType<Parameters<ConnectionTable["note"]>[2]["sighting"]> {
  const { reader, timeUs } = source;
  return { source: hop, timeUs, frame: reader.frame, recordOffset: reader.recordOffset };
}
