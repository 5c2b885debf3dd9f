import type { Packet } from "../dissect/packet.js";
import { TCP } from "../dissect/tcp.js";
import { RangeSet } from "./ranges.js";

const MOST_STREAMS = 8192;

/**
 * One direction of a TCP connection, or one fragmented datagram: which of its bytes each hop has shown. A
 * range is the same however a hop cuts it into packets (GSO, GRO, fragments of another size).
 */
export class Stream {
  own = false;
  /** The highest position so far; 32-bit sequence numbers are unwrapped next to it. */
  private reference = 0;
  private readonly hops: (RangeSet | undefined)[];

  constructor(
    readonly firstSequence: number,
    readonly startedUs: number,
    hopCount: number,
  ) {
    this.hops = new Array<RangeSet | undefined>(hopCount).fill(undefined);
  }

  /** A sequence number as a position that does not wrap at 4 GiB, counted from the stream's first. */
  unwrap(sequence: number): number {
    const relative = (sequence - this.firstSequence) | 0;
    const position = this.reference + ((relative - (this.reference | 0)) | 0);
    if (position > this.reference) this.reference = position;
    return position;
  }

  /** True where the hop had shown all of the range before: a retransmission. */
  add(hop: number, start: number, end: number): boolean {
    let set = this.hops[hop];
    if (set === undefined) this.hops[hop] = set = new RangeSet();
    return set.add(start, end);
  }

  covers(hop: number, start: number, end: number): boolean {
    return this.hops[hop]?.covers(start, end) ?? false;
  }
}

/** The streams that are under way, found by client port (TCP) or IP id (fragments). Bounded in number. */
export class StreamTable {
  private readonly streams = new Map<number, Stream>();

  constructor(
    private readonly hopCount: number,
    private readonly windowUs: number,
  ) {}

  /** The stream of a TCP packet; a SYN with another sequence number begins a new one on the same port. */
  ofTcp(packet: Packet, direction: number, at: { clientPort: number; timeUs: number }): Stream {
    const key = at.clientPort * 4 + direction;
    const known = this.streams.get(key);
    const isSyn = (packet.tcpFlags & TCP.syn) !== 0;
    if (known !== undefined && (!isSyn || known.firstSequence === packet.sequence)) return known;
    return this.start(key, packet.sequence, at.timeUs);
  }

  /** The stream of a fragment; an IP id that comes back after the window is another datagram. */
  ofFragment(packet: Packet, direction: number, timeUs: number): Stream {
    const known = this.findFragments(packet.ipId, direction);
    if (known !== undefined && Math.abs(timeUs - known.startedUs) <= this.windowUs) return known;
    return this.start(fragmentKey(packet.ipId, direction), 0, timeUs);
  }

  findFragments(ipId: number, direction: number): Stream | undefined {
    return this.streams.get(fragmentKey(ipId, direction));
  }

  private start(key: number, firstSequence: number, timeUs: number): Stream {
    this.streams.delete(key);
    if (this.streams.size >= MOST_STREAMS) {
      const [oldest] = this.streams.keys();
      this.streams.delete(oldest!);
    }
    const stream = new Stream(firstSequence, timeUs, this.hopCount);
    this.streams.set(key, stream);
    return stream;
  }
}

function fragmentKey(ipId: number, direction: number): number {
  return (ipId >>> 0) * 4 + 2 + direction;
}
