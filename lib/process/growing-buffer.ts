const FIRST_BYTES = 4096;

/** Bytes that come in pieces of any size, in one buffer: a peer that sends them singly costs no object for each. */
export class GrowingBuffer {
  #bytes = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  append(chunk: Buffer): void {
    const length = this.#length + chunk.length;
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, length, 2 * this.#bytes.length));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    chunk.copy(this.#bytes, this.#length);
    this.#length = length;
  }

  /** What is in it, until it is next written to. */
  view(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Takes bytes off its front: a copy of them. */
  take(count: number): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, count));
    const rest = Buffer.from(this.#bytes.subarray(count, this.#length));
    this.#bytes = rest;
    this.#length = rest.length;
    return taken;
  }
}

/** The last bytes of what comes, at most so many; an object and a copy for each twice as many. */
export class Tail {
  readonly #kept = new GrowingBuffer();
  readonly #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  readonly push = (chunk: Buffer): void => {
    this.#kept.append(chunk.subarray(-this.#maxBytes));
    if (this.#kept.length > 2 * this.#maxBytes) this.#kept.take(this.#kept.length - this.#maxBytes);
  };

  bytes(): Buffer {
    return Buffer.from(this.#kept.view().subarray(-this.#maxBytes));
  }
}
