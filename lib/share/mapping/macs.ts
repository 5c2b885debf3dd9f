import { createCipheriv, createHmac, type Cipher } from "node:crypto";

const MOST_REMEMBERED = 500_000;
const ROUNDS = 6;
/** 46 bits without the two that say whether it is a group's, and who gave it. */
const HALF_BITS = 23;
const HALF_MASK = 2 ** HALF_BITS - 1;
/** Nobody's own: zero, and what pods of some CNIs see of their gateway. */
const SAME_FOR_ALL: readonly string[] = ["000000000000", "eeeeeeeeeeee"];

/**
 * A keyed bijection of MAC addresses (a Feistel network with AES) that keeps the group bit and the bit of locally given
 * ones. Groups stay: they follow from protocols, and 33:33:ff from the address that is asked for (RFC 2464, 7).
 */
export class MacMapper {
  private readonly cipher: Cipher;
  private readonly block = new Uint8Array(16);
  private readonly seen = new Map<string, string>();
  forgot = false;

  constructor(
    secret: Uint8Array,
    private readonly solicited: (low: Uint8Array) => Uint8Array,
  ) {
    const key = createHmac("sha256", secret).update("macs").digest();
    this.cipher = createCipheriv("aes-128-ecb", key.subarray(0, 16), null);
    this.cipher.setAutoPadding(false);
  }

  /** The 6 bytes at `at`, in place. */
  mapAt(bytes: Uint8Array, at: number): void {
    const image = this.map(Buffer.from(bytes.buffer, bytes.byteOffset + at, 6).toString("hex"));
    bytes.set(Buffer.from(image, "hex"), at);
  }

  /** 12 hexadecimal digits in lower case. */
  map(mac: string): string {
    const known = this.seen.get(mac);
    if (known !== undefined) return known;
    const image = this.compute(mac, (value) => this.permute(value));
    if (image === mac) return mac;
    if (this.seen.size < MOST_REMEMBERED) this.seen.set(mac, image);
    else this.forgot = true;
    return image;
  }

  unmap(mac: string): string {
    return isGroup(mac) ? mac : this.compute(mac, (value) => this.permuteBack(value));
  }

  changed(): readonly string[] {
    return [...this.seen.keys()];
  }

  private compute(mac: string, step: (value: Halves) => Halves): string {
    if (mac.startsWith("3333ff"))
      return `3333ff${Buffer.from(this.solicited(Buffer.from(mac.slice(6), "hex"))).toString("hex")}`;
    if (isGroup(mac) || SAME_FOR_ALL.includes(mac)) return mac;
    let image = mac;
    // What stays as it is may not be what another becomes.
    do image = join(step(split(image)), image);
    while (SAME_FOR_ALL.includes(image));
    return image;
  }

  private permute([left, right]: Halves): Halves {
    let [a, b] = [left, right];
    for (let round = 0; round < ROUNDS; round++) [a, b] = [b, a ^ this.scramble(b, round)];
    return [a, b];
  }

  private permuteBack([left, right]: Halves): Halves {
    let [a, b] = [left, right];
    for (let round = ROUNDS - 1; round >= 0; round--) [a, b] = [b ^ this.scramble(a, round), a];
    return [a, b];
  }

  private scramble(half: number, round: number): number {
    this.block[0] = round;
    this.block.set([half >>> 16, (half >>> 8) & 0xff, half & 0xff], 1);
    const sealed = this.cipher.update(this.block);
    return sealed.readUInt32BE(0) & HALF_MASK;
  }
}

type Halves = readonly [left: number, right: number];

function isGroup(mac: string): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1;
}

/** The 46 bits that are permuted: the first byte's upper six, and the other five bytes. */
function split(mac: string): Halves {
  const value = Number.parseInt(mac, 16);
  const bits = Math.floor(value / 2 ** 42) * 2 ** 40 + (value % 2 ** 40);
  return [Math.floor(bits / 2 ** HALF_BITS), bits % 2 ** HALF_BITS];
}

function join([left, right]: Halves, like: string): string {
  const bits = left * 2 ** HALF_BITS + right;
  const kept = Number.parseInt(like.slice(0, 2), 16) & 3;
  const first = Math.floor(bits / 2 ** 40) * 4 + kept;
  return first.toString(16).padStart(2, "0") + (bits % 2 ** 40).toString(16).padStart(10, "0");
}
