import type { Agenda } from "./clock.js";
import type { Segment } from "./frame.js";

const RTO_MS = 200;
const SYN_RTO_MS = 1000;
const MOST_TRIES = 4;
const WINDOW_SEGMENTS = 10;

const MOST_SACKS = 3;

/** Of a stream: from, and up to. */
type Range = readonly [number, number];

const isWithin = ([from, to]: Range, [start, end]: Range): boolean => start <= from && to <= end;

/** A FIN counts like a byte. */
const rangeOf = ({ seq, length, flags }: Segment): Range => [
  seq,
  seq + length + (flags.startsWith("F") ? 1 : 0),
];

/** In order, and those that touch each other as one. */
function joinRanges(segments: readonly Segment[]): readonly Range[] {
  const joined: [number, number][] = [];
  for (const [from, to] of segments.map(rangeOf).toSorted(([a], [b]) => a - b)) {
    const last = joined.at(-1);
    if (from === to) continue;
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined;
}

/** The one that a segment came into is said first. */
function rangesFrom(segments: readonly Segment[], latest: Segment): readonly Range[] {
  const ranges = joinRanges(segments);
  const isLatest = (range: Range): boolean => isWithin(rangeOf(latest), range);
  return [...ranges.filter(isLatest), ...ranges.filter((range) => !isLatest(range))];
}

interface EndOptions {
  readonly agenda: Agenda;
  readonly mssBytes: number;
  /** Payload of a retransmission, and whether probes without any are answered. */
  readonly againBytes: number;
  readonly answersProbes: boolean;
  readonly saysSacks?: boolean;
  /** The first data go with the SYN; a server takes them. */
  readonly opensFast?: boolean;
  /** So many segments leave as one frame. */
  readonly burst: number;
  readonly stampOffsetMs: number;
  /** Segments that leave at once. */
  readonly send: (segments: readonly Segment[]) => void;
  readonly onProgress: (end: TcpEnd) => void;
}

/** One end of a TCP connection: handshake, data, acknowledgements, retransmissions, FIN. */
export class TcpEnd {
  readonly #options: EndOptions;
  #mssBytes: number;
  /** What the peer has behind a gap. */
  #sacked: readonly Range[] = [];
  /** Bytes that the application has given, and whether it is done. */
  #given = 0;
  #isClosing = false;
  #unacknowledged = 0;
  #next = 0;
  /** Up to here everything was sent when a retransmission began. */
  #recoverTo = 0;
  /** Up to here it was sent again: no sender repeats what it has just repeated. */
  #againTo = 0;
  #duplicates = 0;
  #tries = 0;
  #timer = 0;
  #echoMs = 0;
  #isDead = false;
  readonly #early: Segment[] = [];
  expected = 0;
  peerIsDone = false;

  constructor(options: EndOptions) {
    this.#options = options;
    this.#mssBytes = options.mssBytes;
  }

  get isEstablished(): boolean {
    return this.#unacknowledged > 0 && this.expected > 0;
  }

  get #againBytes(): number {
    return Math.min(this.#options.againBytes, this.#mssBytes);
  }

  get receivedBytes(): number {
    return Math.max(0, this.expected - 1 - (this.peerIsDone ? 1 : 0));
  }

  open(): void {
    const length = this.#options.opensFast === true ? Math.min(this.#given, this.#mssBytes) : 0;
    this.#next = 1 + length;
    this.#send([this.#make({ seq: 0, length, flags: "S" })]);
    this.#arm();
  }

  /** A router took no packet of more payload: what was sent and not acknowledged is cut anew. */
  shrink(mssBytes: number): void {
    if (this.#isDead || mssBytes >= this.#mssBytes) return;
    this.#mssBytes = mssBytes;
    if (this.#unacknowledged > 0) this.#next = Math.min(this.#next, this.#unacknowledged);
    this.#pump();
  }

  give(bytes: number): void {
    this.#given += bytes;
    this.#pump();
  }

  /** Asks whether the other end is there, by what it has acknowledged. */
  keepAlive(length: number): void {
    if (this.#isDead || this.#unacknowledged < this.#next) return;
    this.#send([this.#make({ seq: this.#next - 1, length, flags: "." })]);
  }

  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#pump();
  }

  receive(segment: Segment): void {
    if (this.#isDead) return;
    if (segment.flags.includes("R")) {
      this.#isDead = true;
      return;
    }
    this.#echoMs = segment.stampMs;
    if (segment.flags.startsWith("S")) this.#shakeHands(segment);
    else this.#acceptData(segment);
    if (segment.flags.includes(".")) this.#acknowledged(segment);
    this.#options.onProgress(this);
    this.#pump();
  }

  #shakeHands({ flags, length, ack }: Segment): void {
    const taken = flags === "S" && this.#options.opensFast === true ? length : 0;
    this.expected = Math.max(1 + taken, this.expected);
    // Data that went with the SYN and were not taken are sent again.
    if (flags === "S." && this.#unacknowledged === 0) this.#next = ack;
    if (flags === "S.") return this.#send([this.#make({ seq: Math.max(1, this.#next), flags: "." })]);
    const isNew = this.#next === 0;
    this.#next = Math.max(1, this.#next);
    this.#send([this.#make({ seq: 0, flags: "S." })]);
    if (isNew) this.#arm();
  }

  #acceptData(segment: Segment): void {
    const isFin = segment.flags.startsWith("F");
    const isProbe = this.#options.answersProbes && segment.seq === this.expected - 1;
    if (segment.length === 0 && !isFin && !isProbe) return;
    const again = this.#repeated(segment);
    this.#early.push(segment);
    for (let found = true; found;) {
      const at = this.#early.findIndex(({ seq }) => seq <= this.expected);
      found = at !== -1;
      if (!found) break;
      const [next] = this.#early.splice(at, 1) as [Segment];
      const [, end] = rangeOf(next);
      if (next.flags.startsWith("F") && end > this.expected) this.peerIsDone = true;
      this.expected = Math.max(this.expected, end);
    }
    const sacks =
      this.#options.saysSacks === true
        ? [...again, ...rangesFrom(this.#early, segment)].slice(0, MOST_SACKS)
        : [];
    this.#send([this.#make({ seq: this.#next, flags: ".", ...(sacks.length > 0 ? { sacks } : {}) })]);
  }

  /** What came for a second time is the first that a receiver says it has (RFC 2883). */
  #repeated(segment: Segment): readonly Range[] {
    const range = rangeOf(segment);
    const had = [[0, this.expected] as const, ...joinRanges(this.#early)];
    return range[0] < range[1] && had.some((one) => isWithin(range, one)) ? [range] : [];
  }

  #acknowledged({ ack, length, flags, sacks = [] }: Segment): void {
    const [first, second] = sacks;
    const isInside = first !== undefined && second !== undefined && isWithin(first, second);
    const isRepeated = isInside || (first !== undefined && first[0] < ack);
    this.#sacked = sacks.slice(isRepeated ? 1 : 0).toSorted(([a], [b]) => a - b);
    if (ack > this.#unacknowledged) {
      this.#unacknowledged = ack;
      this.#duplicates = 0;
      this.#tries = 0;
      this.#arm();
      if (ack < this.#recoverTo && ack >= this.#againTo) this.#sendAgain();
      return;
    }
    if (ack < this.#unacknowledged || length > 0 || flags !== "." || this.#next === ack) return;
    this.#duplicates += 1;
    if (this.#duplicates === 3) this.#sendAgain();
  }

  #pump(): void {
    if (this.#isDead || !this.isEstablished) return;
    const { burst } = this.#options;
    const mssBytes = this.#mssBytes;
    const end = 1 + this.#given;
    const frames: Segment[] = [];
    while (this.#next < end && this.#next - this.#unacknowledged < WINDOW_SEGMENTS * mssBytes) {
      const length = Math.min(mssBytes * burst, end - this.#next);
      const isLast = this.#next + length === end;
      frames.push(this.#make({ seq: this.#next, length, flags: isLast ? "P." : "." }));
      this.#next += length;
    }
    if (this.#isClosing && this.#next === end) {
      frames.push(this.#make({ seq: end, flags: "F." }));
      this.#next = end + 1;
    }
    if (frames.length === 0) return;
    this.#send(frames);
    this.#arm();
  }

  #sendAgain(): void {
    const end = 1 + this.#given;
    const at = this.#unacknowledged;
    this.#recoverTo = this.#next;
    if (at === 0) this.#send([this.#make({ seq: 0, flags: this.expected > 0 ? "S." : "S" })]);
    else if (this.#sacked.length > 0) this.#fillGaps(at);
    else if (at < end) {
      const length = Math.min(this.#againBytes, end - at);
      this.#againTo = at + length;
      this.#send([this.#make({ seq: at, length, flags: at + length === end ? "P." : "." })]);
    } else if (at < this.#next) this.#send([this.#make({ seq: at, flags: "F." })]);
  }

  /** Sends what lies before the last that the peer has, and not what it has. */
  #fillGaps(from: number): void {
    let at = from;
    const frames: Segment[] = [];
    for (const [start, end] of this.#sacked) {
      while (at < start) {
        const length = Math.min(this.#againBytes, start - at);
        frames.push(this.#make({ seq: at, length, flags: "." }));
        at += length;
      }
      at = Math.max(at, end);
    }
    this.#againTo = at;
    this.#send(frames);
  }

  #arm(): void {
    const timer = (this.#timer += 1);
    const { agenda } = this.#options;
    const firstMs = this.#unacknowledged === 0 ? SYN_RTO_MS : RTO_MS;
    agenda.at(agenda.nowUs + firstMs * 1000 * 2 ** this.#tries, () => {
      if (timer !== this.#timer || this.#isDead || this.#unacknowledged >= this.#next) return;
      this.#tries += 1;
      if (this.#tries >= MOST_TRIES) {
        this.#isDead = true;
        return;
      }
      this.#sendAgain();
      this.#arm();
    });
  }

  #make(part: Pick<Segment, "seq" | "flags" | "sacks"> & { readonly length?: number }): Segment {
    const { agenda, stampOffsetMs } = this.#options;
    return {
      length: 0,
      ack: this.expected,
      stampMs: stampOffsetMs + Math.floor(agenda.nowUs / 1000),
      echoMs: this.#echoMs,
      ...part,
    };
  }

  #send(segments: readonly Segment[]): void {
    this.#options.send(segments);
  }
}
