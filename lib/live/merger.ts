/** A packet of one of many places, which waits for those of the others that were before it. */
export interface MergedPacket {
  /** Of the place. */
  readonly place: number;
  /** Microseconds since 1970, corrected by what is known of the place's clock. */
  readonly timeUs: number;
  readonly wireBytes: number;
  readonly bytes: Uint8Array;
}

interface MergerOptions {
  /** How long a packet waits for earlier ones of other places. */
  readonly delayMs: number;
  /** More than this does not wait: then the earliest ones go before their time. */
  readonly mostBytes: number;
}

interface Waiting {
  readonly packet: MergedPacket;
  /** How it came, of those with the same time. */
  readonly order: number;
}

/** What a packet that waits takes besides its bytes, about. */
const COST_BYTES = 200;
/** So many arrivals that are over are dropped at once: shifting a long array would move all of it. */
const DROPPED_AT_ONCE = 4096;

/**
 * Puts packets of many places into the order of their times. None waits longer than the delay, and no more than so many
 * bytes wait: one that comes later than that stands behind those that are gone. Pure: the time is given.
 */
export class Merger {
  /** Packets that came too late for their place in the order. */
  late = 0;
  /** By time, the earliest first: a binary heap. */
  readonly #heap: Waiting[] = [];
  /** As they came. */
  #arrivals: { readonly goesAtMs: number; readonly timeUs: number }[] = [];
  #over = 0;
  #bytes = 0;
  #count = 0;
  #goneUs = -Infinity;

  constructor(readonly options: MergerOptions) {}

  get waiting(): number {
    return this.#heap.length;
  }

  push(packet: MergedPacket, nowMs: number): void {
    if (packet.timeUs < this.#goneUs) this.late++;
    this.#bytes += packet.bytes.length + COST_BYTES;
    this.#arrivals.push({ goesAtMs: nowMs + this.options.delayMs, timeUs: packet.timeUs });
    this.#heap.push({ packet, order: this.#count++ });
    this.#rise(this.#heap.length - 1);
  }

  /** Those whose time has come, and all that were before them, the earliest first. */
  take(nowMs: number): MergedPacket[] {
    let horizonUs = -Infinity;
    for (; (this.#arrivals[this.#over]?.goesAtMs ?? Infinity) <= nowMs; this.#over++)
      horizonUs = Math.max(horizonUs, this.#arrivals[this.#over]!.timeUs);
    if (this.#over >= DROPPED_AT_ONCE) {
      this.#arrivals = this.#arrivals.slice(this.#over);
      this.#over = 0;
    }
    return this.#pop(({ timeUs }) => timeUs <= horizonUs || this.#bytes > this.options.mostBytes);
  }

  /** All. */
  flush(): MergedPacket[] {
    this.#arrivals = [];
    this.#over = 0;
    return this.#pop(() => true);
  }

  #pop(goes: (packet: MergedPacket) => boolean): MergedPacket[] {
    const gone: MergedPacket[] = [];
    for (let top = this.#heap[0]; top !== undefined && goes(top.packet); top = this.#heap[0]) {
      const last = this.#heap.pop()!;
      if (this.#heap.length > 0) {
        this.#heap[0] = last;
        this.#sink();
      }
      this.#bytes -= top.packet.bytes.length + COST_BYTES;
      this.#goneUs = Math.max(this.#goneUs, top.packet.timeUs);
      gone.push(top.packet);
    }
    return gone;
  }

  #rise(from: number): void {
    for (let at = from; at > 0;) {
      const above = (at - 1) >> 1;
      if (!this.#isBefore(at, above)) return;
      this.#swap(at, above);
      at = above;
    }
  }

  #sink(): void {
    for (let at = 0; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let least = at;
      if (left < this.#heap.length && this.#isBefore(left, least)) least = left;
      if (right < this.#heap.length && this.#isBefore(right, least)) least = right;
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #isBefore(one: number, other: number): boolean {
    const [a, b] = [this.#heap[one]!, this.#heap[other]!];
    return a.packet.timeUs < b.packet.timeUs || (a.packet.timeUs === b.packet.timeUs && a.order < b.order);
  }

  #swap(one: number, other: number): void {
    [this.#heap[one], this.#heap[other]] = [this.#heap[other]!, this.#heap[one]!];
  }
}
