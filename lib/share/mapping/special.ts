/** Addresses and ranges that mean something of their own (IANA's special-purpose registries). */

/** A range by its first bits. */
export interface Range {
  readonly bytes: readonly number[];
  readonly lengthBits: number;
}

/** What lies in one of these stays in it: private stays private, link-local stays link-local, a single address itself. */
export const RANGES_4: readonly Range[] = [
  range4("0.0.0.0", 8),
  range4("0.0.0.0", 32),
  range4("10.0.0.0", 8),
  range4("100.64.0.0", 10),
  range4("127.0.0.0", 8),
  range4("169.254.0.0", 16),
  // The gateway that pods of some CNIs have, clouds' metadata, the node's own DNS cache.
  range4("169.254.1.1", 32),
  range4("169.254.169.254", 32),
  range4("169.254.20.10", 32),
  range4("172.16.0.0", 12),
  range4("192.168.0.0", 16),
  range4("224.0.0.0", 4),
  range4("240.0.0.0", 4),
  range4("255.255.255.255", 32),
];

export const RANGES_6: readonly Range[] = [
  range6("00", 8),
  range6("00000000000000000000000000000000", 128),
  range6("00000000000000000000000000000001", 128),
  range6("00000000000000000000ffff", 96),
  range6("0064ff9b0000000000000000", 96),
  range6("20", 3),
  range6("fc", 7),
  range6("fd", 8),
  range6("fe80", 10),
  range6("fe80000000000000", 64),
  // Of ee:ee:ee:ee:ee:ee, the MAC that pods of some CNIs see of their gateway.
  range6("fe80000000000000eceeeefffeeeeeee", 128),
  range6("ff", 8),
];

/** Loopback and multicast: the same for everybody. */
export function staysAsItIs4(word: number): boolean {
  const first = word >>> 24;
  return first === 127 || (first >= 224 && first < 240);
}

/** A single address that means the same everywhere. */
export function isFixed4(word: number): boolean {
  return RANGES_4.some(
    ({ bytes, lengthBits }) =>
      lengthBits === 32 && bytes.every((byte, index) => byte === ((word >>> (24 - index * 8)) & 0xff)),
  );
}

function range4(text: string, lengthBits: number): Range {
  return { bytes: text.split(".").map(Number), lengthBits };
}

function range6(hex: string, lengthBits: number): Range {
  return { bytes: [...Buffer.from(hex.padEnd(32, "0"), "hex")], lengthBits };
}
