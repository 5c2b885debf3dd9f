import { createHmac } from "node:crypto";
import { formatBytes } from "../../linux/address.js";
import { PrefixPreserving, sharesBits } from "./prefix-preserving.js";
import { isFixed4, RANGES_4, RANGES_6, staysAsItIs4 } from "./special.js";

/** More are mapped without being remembered. */
const MOST_REMEMBERED = 500_000;
const LOW_BYTES = 3;
/** ff02::1:ff00:0/104 (RFC 4291, 2.7.1). */
const SOLICITED = Buffer.from("ff0200000000000000000001ff", "hex");
/** ::ffff:0:0/96 and 64:ff9b::/96 (RFC 4291, 2.5.5.2; RFC 6052): an IPv4 address is in their last four bytes. */
const EMBEDDING = ["00000000000000000000ffff", "0064ff9b0000000000000000"].map((hex) =>
  Buffer.from(hex, "hex"),
);
const EMBEDDED_AT = 12;

/** A network with fewer bits that a key may flip stays itself too often to ask for another key. */
const FREE_BITS = 4;

/** One mapping of all IP addresses of a run, and which ones it was asked for. */
export class AddressMapper {
  private readonly four: PrefixPreserving;
  private readonly six: PrefixPreserving;
  private readonly low: Buffer;
  private readonly seen4 = new Map<number, number>();
  private readonly seen6 = new Map<string, Uint8Array>();
  /** By the last three bytes: the addresses that solicited-node addresses may be of. */
  private readonly byLow = new Map<number, Uint8Array>();
  /** Networks that became others, as `10.0.0.0/24`, and what they became. */
  private readonly networks = new Map<string, Uint8Array>();
  /** Those that are by chance what they were. */
  private readonly unchanged = new Set<string>();
  /** Whether there were more than are remembered. */
  forgot = false;

  constructor(secret: Uint8Array) {
    this.four = new PrefixPreserving(secret, 4, RANGES_4);
    this.six = new PrefixPreserving(secret, 16, RANGES_6);
    this.low = createHmac("sha256", secret).update("solicited").digest();
  }

  /** An IPv4 address as a signed 32-bit word. */
  map4(word: number): number {
    const known = this.seen4.get(word);
    if (known !== undefined) return known;
    if (staysAsItIs4(word)) return word;
    const image = wordOf(this.image4(word));
    if (this.seen4.size < MOST_REMEMBERED) this.seen4.set(word, image);
    else this.forgot = true;
    return image;
  }

  /** A network's bytes, which are zero behind its length; `text` is how it is written. */
  mapNetwork(bytes: Uint8Array, lengthBits: number, text: string): Uint8Array {
    const whole = bytes.length === 4 ? this.image4(wordOf(bytes)) : (this.compute6(bytes) ?? bytes);
    const image = Uint8Array.from(whole, (byte, index) => byte & maskAt(index, lengthBits));
    const isChanged = image.some((byte, index) => byte !== bytes[index]);
    if (isChanged && this.networks.size < MOST_REMEMBERED) this.networks.set(text, image);
    if (!isChanged && freeBits(bytes, lengthBits) >= FREE_BITS) this.unchanged.add(text);
    return image;
  }

  changedNetworks(): readonly string[] {
    return [...this.networks.keys()];
  }

  /** Whether an address or a network becomes what another one was, or by chance what it was itself. */
  isAmbiguous(): boolean {
    if (this.unchanged.size > 0) return true;
    if ([...this.seen4].some(([word, image]) => word === image && !isFixed4(word))) return true;
    const bases = new Set([...this.networks.keys()].map((text) => text.split("/")[0]));
    const isTaken = (image: Uint8Array): boolean =>
      bases.has(formatBytes([...image])) ||
      (image.length === 4 ? this.knows4(wordOf(image)) : this.knows6(image));
    return [
      ...this.changed4().map((word) => bytesOfWord(this.map4(word))),
      ...this.changed6().map((address) => this.map6(address)),
      ...this.networks.values(),
    ].some(isTaken);
  }

  /** The 4 bytes at `at`, in place. */
  map4At(bytes: Uint8Array, at: number): void {
    bytes.set(bytesOfWord(this.map4(wordOf(bytes, at))), at);
  }

  /** The 16 bytes at `at`, in place. */
  map6At(bytes: Uint8Array, at: number): void {
    bytes.set(this.map6(bytes.subarray(at, at + 16)), at);
  }

  map6(address: Uint8Array): Uint8Array {
    const key = Buffer.from(address).toString("latin1");
    const known = this.seen6.get(key);
    if (known !== undefined) return known;
    const image = this.compute6(address);
    if (image === null) return address;
    if (this.seen6.size < MOST_REMEMBERED) {
      this.seen6.set(key, image);
      if (!isSolicited(address)) this.byLow.set(lowOf(address), image);
    } else this.forgot = true;
    return image;
  }

  unmap4(word: number): number {
    return staysAsItIs4(word) ? word : wordOf(this.four.unmap(bytesOfWord(word)));
  }

  unmap6(image: Uint8Array): Uint8Array {
    if (isEmbedding(image)) return embed(image, this.unmap4(wordOf(image, EMBEDDED_AT)));
    return image[0] === 0xff ? image : this.six.unmap(image);
  }

  /** Whether it was among those that were mapped. */
  knows4(word: number): boolean {
    return this.seen4.has(word);
  }

  knows6(address: Uint8Array): boolean {
    return this.seen6.has(Buffer.from(address).toString("latin1"));
  }

  /** Those that became others, in the order of their first sight. */
  changed4(): readonly number[] {
    return [...this.seen4].flatMap(([word, image]) => (word === image ? [] : [word]));
  }

  changed6(): readonly Uint8Array[] {
    return [...this.seen6].flatMap(([key, image]) => {
      const address = Buffer.from(key, "latin1");
      return address.equals(image) ? [] : [address];
    });
  }

  /** The last three bytes of a solicited-node address, as its multicast MAC has them too. */
  mapLow(low: Uint8Array): Uint8Array {
    return this.map6(Buffer.concat([SOLICITED, low])).subarray(SOLICITED.length);
  }

  private image4(word: number): Uint8Array {
    return staysAsItIs4(word) ? bytesOfWord(word) : this.four.map(bytesOfWord(word));
  }

  private compute6(address: Uint8Array): Uint8Array | null {
    if (isEmbedding(address)) return embed(address, this.map4(wordOf(address, EMBEDDED_AT)));
    if (isSolicited(address)) return this.mapSolicited(address);
    return address[0] === 0xff ? null : this.six.map(address);
  }

  /** Behind the prefix stand the last bytes of the address that is asked for; of one that is not known a keyed mask. */
  private mapSolicited(address: Uint8Array): Uint8Array {
    const of = this.byLow.get(lowOf(address));
    const image = Uint8Array.from(address);
    if (of !== undefined) image.set(of.subarray(16 - LOW_BYTES), SOLICITED.length);
    else for (let at = SOLICITED.length; at < 16; at++) image[at]! ^= this.low[at]!;
    return image;
  }
}

/** Of a network's prefix: how many bits a key may flip. */
function freeBits(bytes: Uint8Array, lengthBits: number): number {
  const stays = bytes.length === 4 ? staysAsItIs4(wordOf(bytes)) : bytes[0] === 0xff || isEmbedding(bytes);
  if (stays) return 0;
  const ranges = bytes.length === 4 ? RANGES_4 : RANGES_6;
  const inside = ranges.filter((range) =>
    sharesBits(bytes, range.bytes, Math.min(range.lengthBits, lengthBits)),
  );
  return lengthBits - Math.max(0, ...inside.map((range) => Math.min(range.lengthBits, lengthBits)));
}

function isSolicited(address: Uint8Array): boolean {
  return SOLICITED.every((byte, index) => address[index] === byte);
}

function isEmbedding(address: Uint8Array): boolean {
  return EMBEDDING.some((prefix) => prefix.every((byte, index) => address[index] === byte));
}

function embed(address: Uint8Array, word: number): Uint8Array {
  const image = Uint8Array.from(address);
  image.set(bytesOfWord(word), EMBEDDED_AT);
  return image;
}

function lowOf(address: Uint8Array): number {
  return (address[13]! << 16) | (address[14]! << 8) | address[15]!;
}

/** Of the byte at `index`: the bits that belong to a prefix. */
export function maskAt(index: number, lengthBits: number): number {
  const bits = Math.min(8, Math.max(0, lengthBits - index * 8));
  return (0xff << (8 - bits)) & 0xff;
}

/** The signed 32-bit word at `at`. */
export function wordOf(bytes: Uint8Array, at = 0): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

export function bytesOfWord(word: number): Uint8Array {
  return Uint8Array.of(word >>> 24, (word >>> 16) & 0xff, (word >>> 8) & 0xff, word & 0xff);
}
