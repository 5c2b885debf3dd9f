import { copyInto } from "./columns.js";
import type { HopSource } from "./source.js";

/** So many packets back a copy is looked for, and so long. */
const REMEMBERED = 4;
const COPY_US = 1_000_000;
const FIRST_LISTS = 256;

/** How a packet stands to those before it. */
export const COMES = { anew: 0, again: 1, back: 2 } as const;

/** The last packets of each of many lists, in columns: there is a list for each place of each direction of a flow. */
export class RecentPackets {
  private lists = 0;
  /** By list: which of its rows is the next one to be written over. */
  private turn = new Uint8Array(FIRST_LISTS);
  private first = new Int32Array(FIRST_LISTS * REMEMBERED);
  private second = new Int32Array(FIRST_LISTS * REMEMBERED);
  private ends = new Int32Array(FIRST_LISTS * REMEMBERED);
  private ttl = new Uint8Array(FIRST_LISTS * REMEMBERED);
  /** How often it came by with a lower TTL than before. */
  private returns = new Uint8Array(FIRST_LISTS * REMEMBERED);
  private timeUs = new Float64Array(FIRST_LISTS * REMEMBERED).fill(-Infinity);

  /** A new list. */
  open(): number {
    if (this.lists === this.turn.length) this.grow();
    return this.lists++;
  }

  /** `row`: which pair of ends the packet has. Its IP id is part of its key. */
  note(list: number, { packet, key, timeUs }: HopSource, row: number): number {
    const from = list * REMEMBERED;
    for (let at = from; at < from + REMEMBERED; at++) {
      if (this.first[at] !== key.first || this.second[at] !== key.second) continue;
      if (this.ends[at] !== row || timeUs - this.timeUs[at]! > COPY_US) continue;
      return this.compare(at, packet.ttl);
    }
    const turn = this.turn[list]!;
    this.turn[list] = (turn + 1) % REMEMBERED;
    const at = from + turn;
    this.first[at] = key.first;
    this.second[at] = key.second;
    this.ends[at] = row;
    this.ttl[at] = packet.ttl;
    this.returns[at] = 0;
    this.timeUs[at] = timeUs;
    return COMES.anew;
  }

  private compare(at: number, ttl: number): number {
    if (ttl === this.ttl[at]) return COMES.again;
    if (ttl > this.ttl[at]!) return COMES.anew;
    this.ttl[at] = ttl;
    this.returns[at]!++;
    // A router on one line sends a packet back once; a circle does it again and again.
    return this.returns[at]! > 1 ? COMES.back : COMES.anew;
  }

  private grow(): void {
    const lists = this.turn.length * 2;
    const rows = lists * REMEMBERED;
    this.turn = copyInto(new Uint8Array(lists), this.turn);
    this.first = copyInto(new Int32Array(rows), this.first);
    this.second = copyInto(new Int32Array(rows), this.second);
    this.ends = copyInto(new Int32Array(rows), this.ends);
    this.ttl = copyInto(new Uint8Array(rows), this.ttl);
    this.returns = copyInto(new Uint8Array(rows), this.returns);
    this.timeUs = copyInto(new Float64Array(rows).fill(-Infinity), this.timeUs);
  }
}
