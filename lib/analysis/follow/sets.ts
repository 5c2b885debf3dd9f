/** So many sets are told apart: real paths make some dozens, hostile captures could make any number. */
const MOST_SETS = 1 << 16;
const UNKNOWN = -1;

/**
 * Sets of places, each a number, the empty one 0: to add a place, or to ask for one, is one look into a table, and any
 * number of places will do.
 */
export class PlaceSets {
  /** By set × place. */
  private member: Uint8Array;
  private next: Int32Array;
  private count = 1;
  private readonly known = new Map<string, number>([["", 0]]);

  constructor(readonly places: number) {
    this.member = new Uint8Array(places * 16);
    this.next = new Int32Array(places * 16).fill(UNKNOWN);
  }

  has(set: number, place: number): boolean {
    return this.member[set * this.places + place] === 1;
  }

  /** The set with one place more; the same one where it is in there, or where there are too many sets. */
  add(set: number, place: number): number {
    const at = set * this.places + place;
    const next = this.next[at]!;
    if (next !== UNKNOWN) return next;
    return (this.next[at] = this.has(set, place) ? set : this.extend(set, place));
  }

  /** Whether any place is in both. */
  meet(one: number, other: number): boolean {
    if (one === 0 || other === 0) return false;
    for (let place = 0; place < this.places; place++)
      if (this.has(one, place) && this.has(other, place)) return true;
    return false;
  }

  of(places: Iterable<number>): number {
    let set = 0;
    for (const place of places) set = this.add(set, place);
    return set;
  }

  placesOf(set: number): number[] {
    const list: number[] = [];
    for (let place = 0; place < this.places; place++) if (this.has(set, place)) list.push(place);
    return list;
  }

  private extend(set: number, place: number): number {
    const list = [...this.placesOf(set), place].sort((a, b) => a - b);
    const key = list.join();
    const known = this.known.get(key);
    if (known !== undefined) return known;
    if (this.count >= MOST_SETS) return set;
    const fresh = this.count++;
    if (fresh * this.places >= this.member.length) this.grow();
    for (const one of list) this.member[fresh * this.places + one] = 1;
    this.known.set(key, fresh);
    return fresh;
  }

  private grow(): void {
    const member = new Uint8Array(this.member.length * 2);
    member.set(this.member);
    const next = new Int32Array(member.length).fill(UNKNOWN);
    next.set(this.next);
    [this.member, this.next] = [member, next];
  }
}
