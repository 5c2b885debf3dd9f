import { copyInto } from "../tables/columns.js";

const FIRST_CAPACITY = 1024;
export const END = -1;

/** Lists of pairs of numbers in typed arrays, the newest first; a list is the number of its head, END: an empty one. */
export class Chains {
  key: Int32Array = new Int32Array(FIRST_CAPACITY);
  bytes: Int32Array = new Int32Array(FIRST_CAPACITY);
  next: Int32Array = new Int32Array(FIRST_CAPACITY);
  private free = END;
  private used = 0;

  /** Gives the new head. */
  push(head: number, key: number, bytes: number): number {
    let at = this.free;
    if (at === END) {
      if (this.used === this.key.length) this.grow();
      at = this.used++;
    } else this.free = this.next[at]!;
    this.key[at] = key;
    this.bytes[at] = bytes;
    this.next[at] = head;
    return at;
  }

  /** Adds to the pair with this key, which is made where there is none. */
  add(head: number, key: number, bytes: number): number {
    for (let at = head; at !== END; at = this.next[at]!) {
      if (this.key[at] !== key) continue;
      this.bytes[at]! += bytes;
      return head;
    }
    return this.push(head, key, bytes);
  }

  /** Takes the pair with this key out. */
  without(head: number, key: number): number {
    let before = END;
    for (let at = head; at !== END; before = at, at = this.next[at]!) {
      if (this.key[at] !== key) continue;
      const rest = this.next[at]!;
      this.next[at] = this.free;
      this.free = at;
      if (before === END) return rest;
      this.next[before] = rest;
      return head;
    }
    return head;
  }

  release(head: number): void {
    if (head === END) return;
    let last = head;
    while (this.next[last] !== END) last = this.next[last]!;
    this.next[last] = this.free;
    this.free = head;
  }

  private grow(): void {
    const size = this.key.length * 2;
    this.key = copyInto(new Int32Array(size), this.key);
    this.bytes = copyInto(new Int32Array(size), this.bytes);
    this.next = copyInto(new Int32Array(size), this.next);
  }
}
