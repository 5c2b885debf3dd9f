import { copyInto } from "./columns.js";
import type { HopSource } from "../source.js";

/** So many packets back a copy is looked for, and so long. */
const REMEMBERED = 4;
const COPY_US = 1_000_000;
const FIRST_LISTS = 256;

/** How a packet stands to those before it. */
export const COMES = { anew: 0, again: 1, back: 2 } as const;

/** Words of a packet: its key's halves, its ends, and its TTL with how often it came by with a lower one than before. */
const WORDS = 4;
const [FIRST, SECOND, ENDS, TTL] = [0, 1, 2, 3] as const;
const LINE = REMEMBERED * WORDS;
const RETURNS_SHIFT = 8;

/**
 * The last packets of each of many lists, in tables: there is a list for each place of each direction of a flow, and one is
 * looked at for every packet, so that each has one line of memory.
 */
export class RecentPackets {
  private lists = 0;
  /** By list: which of its packets is the next one to be written over. */
  private turn = new Uint8Array(FIRST_LISTS);
  private lines = new Int32Array(FIRST_LISTS * LINE);
  private timeUs = new Float64Array(FIRST_LISTS * REMEMBERED).fill(-Infinity);

  /** A new list. */
  open(): number {
    if (this.lists === this.turn.length) this.grow();
    return this.lists++;
  }

  /** `row`: which pair of ends the packet has. Its IP id is part of its key. */
  note(list: number, { packet, key, timeUs }: HopSource, row: number): number {
    const { lines } = this;
    const { first, second } = key;
    const from = list * REMEMBERED;
    for (let one = from; one < from + REMEMBERED; one++) {
      const at = one * WORDS;
      if (lines[at + FIRST] !== first || lines[at + SECOND] !== second || lines[at + ENDS] !== row) continue;
      if (timeUs - this.timeUs[one]! <= COPY_US) return this.compare(at + TTL, packet.ttl);
    }
    const turn = this.turn[list]!;
    this.turn[list] = (turn + 1) % REMEMBERED;
    const at = (from + turn) * WORDS;
    lines[at + FIRST] = first;
    lines[at + SECOND] = second;
    lines[at + ENDS] = row;
    lines[at + TTL] = packet.ttl;
    this.timeUs[from + turn] = timeUs;
    return COMES.anew;
  }

  private compare(at: number, ttl: number): number {
    const known = this.lines[at]!;
    const [knownTtl, returns] = [known & 0xff, known >> RETURNS_SHIFT];
    if (ttl === knownTtl) return COMES.again;
    if (ttl > knownTtl) return COMES.anew;
    this.lines[at] = ((returns + 1) << RETURNS_SHIFT) | ttl;
    // A router on one line sends a packet back once; a circle does it again and again.
    return returns > 0 ? COMES.back : COMES.anew;
  }

  private grow(): void {
    const lists = this.turn.length * 2;
    this.turn = copyInto(new Uint8Array(lists), this.turn);
    this.lines = copyInto(new Int32Array(lists * LINE), this.lines);
    this.timeUs = copyInto(new Float64Array(lists * REMEMBERED).fill(-Infinity), this.timeUs);
  }
}
