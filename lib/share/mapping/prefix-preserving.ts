import { createCipheriv, createHmac, type Cipher } from "node:crypto";
import type { Range } from "./special.js";

const BLOCK_BYTES = 16;

/**
 * A keyed bijection of addresses under which two that share their first n bits share n bits after it (Crypto-PAn: Xu, Fan,
 * Ammar, Moon, "Prefix-Preserving IP Address Anonymization", 2002). A bit is never flipped on the way to one of `ranges`, so
 * that each of them is mapped to itself.
 */
export class PrefixPreserving {
  private readonly cipher: Cipher;
  private readonly pad: Uint8Array;
  private readonly blocks: Uint8Array;
  private readonly bits: number;
  /** By bit: without it two bits before which the pad says what the address says were flipped alike, or not, together. */
  private readonly tweaks: Uint8Array;

  constructor(
    secret: Uint8Array,
    addressBytes: 4 | 16,
    private readonly ranges: readonly Range[],
  ) {
    const derived = createHmac("sha256", secret).update(`addresses of ${addressBytes} bytes`).digest();
    this.cipher = createCipheriv("aes-128-ecb", derived.subarray(0, 16), null);
    this.cipher.setAutoPadding(false);
    this.pad = Uint8Array.from(this.cipher.update(derived.subarray(16, 32)));
    this.bits = addressBytes * 8;
    this.blocks = new Uint8Array(this.bits * BLOCK_BYTES);
    const numbered = new Uint8Array(this.bits * BLOCK_BYTES);
    for (let bit = 0; bit < this.bits; bit++) numbered[bit * BLOCK_BYTES] = bit;
    this.tweaks = Uint8Array.from(this.cipher.update(numbered));
  }

  /** Of `addressBytes` bytes; a new array. */
  map(address: Uint8Array): Uint8Array {
    for (let bit = 0; bit < this.bits; bit++) this.fill(address, bit);
    const sealed = this.cipher.update(this.blocks);
    const result = Uint8Array.from(address);
    for (let bit = 0; bit < this.bits; bit++) {
      if (sealed[bit * BLOCK_BYTES]! < 0x80 || this.leadsToRange(address, bit)) continue;
      result[bit >> 3]! ^= 0x80 >> (bit & 7);
    }
    return result;
  }

  /** The address that `map` gives `image` for. */
  unmap(image: Uint8Array): Uint8Array {
    const result = Uint8Array.from(image);
    // Every bit is told by the ones before it, which are right by then.
    for (let bit = 0; bit < this.bits; bit++) {
      this.fill(result, bit);
      const at = bit * BLOCK_BYTES;
      const sealed = this.cipher.update(this.blocks.subarray(at, at + BLOCK_BYTES));
      if (sealed[0]! < 0x80 || this.leadsToRange(result, bit)) continue;
      result[bit >> 3]! ^= 0x80 >> (bit & 7);
    }
    return result;
  }

  /** The block of a bit: the bits before it, and the pad's where there are no more. */
  private fill(address: Uint8Array, bit: number): void {
    const { blocks, pad } = this;
    const at = bit * BLOCK_BYTES;
    blocks.set(pad, at);
    const whole = bit >> 3;
    for (let index = 0; index < whole; index++) blocks[at + index] = address[index]!;
    const mask = 0xff & ~(0xff >> (bit & 7));
    blocks[at + whole] = (address[whole]! & mask) | (pad[whole]! & ~mask & 0xff);
    for (let index = at; index < at + BLOCK_BYTES; index++) blocks[index]! ^= this.tweaks[index]!;
  }

  /** Whether the bits before `bit` are a proper prefix of a range. */
  private leadsToRange(address: Uint8Array, bit: number): boolean {
    return this.ranges.some(({ bytes, lengthBits }) => lengthBits > bit && sharesBits(address, bytes, bit));
  }
}

/** Whether the first `bits` bits are the same. */
export function sharesBits(one: ArrayLike<number>, other: ArrayLike<number>, bits: number): boolean {
  const whole = bits >> 3;
  for (let index = 0; index < whole; index++) if (one[index] !== other[index]) return false;
  const rest = bits & 7;
  return rest === 0 || ((one[whole]! ^ other[whole]!) & (0xff << (8 - rest)) & 0xff) === 0;
}
