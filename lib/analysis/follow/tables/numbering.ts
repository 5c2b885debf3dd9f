import { copyInto } from "./columns.js";

const FIRST_CAPACITY = 256;
const NONE = -1;

/** Numbers keys of a few 32-bit words in the order in which they come: a hash table of typed arrays. */
export class Numbering {
  /** The key that is asked for, to be filled in place. */
  readonly key: Int32Array;
  size = 0;
  private keys: Int32Array;
  private next = new Int32Array(FIRST_CAPACITY);
  private buckets = new Int32Array(FIRST_CAPACITY * 2).fill(NONE);

  constructor(
    private readonly width: number,
    private readonly most: number,
  ) {
    this.key = new Int32Array(width);
    this.keys = new Int32Array(FIRST_CAPACITY * width);
  }

  /** The number of the key; `size` before the call where it is a new one; -1 where that would be one too many. */
  of(): number {
    const { key, next, buckets } = this;
    const bucket = this.hash(key, 0) & (buckets.length - 1);
    for (let number = buckets[bucket]!; number !== NONE; number = next[number]!)
      if (this.isAt(number)) return number;
    if (this.size >= this.most) return NONE;
    if (this.size === next.length) this.grow();
    const fresh = this.size++;
    this.keys.set(key, fresh * this.width);
    this.chain(fresh);
    return fresh;
  }

  private isAt(number: number): boolean {
    const { key, keys, width } = this;
    for (let word = 0; word < width; word++) if (keys[number * width + word] !== key[word]) return false;
    return true;
  }

  private chain(number: number): void {
    const bucket = this.hash(this.keys, number * this.width) & (this.buckets.length - 1);
    this.next[number] = this.buckets[bucket]!;
    this.buckets[bucket] = number;
  }

  private hash(words: Int32Array, at: number): number {
    let hash = 0;
    for (let word = 0; word < this.width; word++) {
      hash = Math.imul(hash ^ words[at + word]!, 0x85ebca6b);
      hash ^= hash >>> 15;
    }
    return hash;
  }

  private grow(): void {
    const capacity = this.next.length * 2;
    this.keys = copyInto(new Int32Array(capacity * this.width), this.keys);
    this.next = new Int32Array(capacity);
    this.buckets = new Int32Array(capacity * 2).fill(NONE);
    for (let number = 0; number < this.size; number++) this.chain(number);
  }
}
