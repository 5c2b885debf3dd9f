import type { Worn } from "../model/hops.js";
import { matchIp, plus } from "./ip.js";
import type { Inside, Reach } from "./types.js";

/**
 * What the formats in GRE have in common (RFC 2784, RFC 2890).
 *
 *     | flags 1 (0x80 checksum, 0x40 routing, 0x20 key, 0x10 sequence) | version 1 (its low 3 bits) | protocol type 2 |
 *     | checksum 2, reserved 2 | key 4 | sequence 4 |
 *
 * Of the last line each is there where its flag says so. A header with routes (RFC 1701) is not read.
 */
export const GRE_PROTOCOL = 47;
/** Checksum, key and sequence number. */
export const GRE_OPTION_BYTES = 12;
const LEAST_BYTES = 4;
const FLAG = { checksum: 0x80, routing: 0x40, key: 0x20, sequence: 0x10 } as const;
const VERSION = 0x07;

/** Reads the header at `at` into `into`; false where it is none, or is cut. */
export function openGre(bytes: Uint8Array, at: number, into: Inside): boolean {
  if (into.end - at < LEAST_BYTES) return false;
  const flags = bytes[at]!;
  if ((flags & FLAG.routing) !== 0 || (bytes[at + 1]! & VERSION) !== 0) return false;
  const key = at + LEAST_BYTES + ((flags & FLAG.checksum) === 0 ? 0 : 4);
  const sequence = key + ((flags & FLAG.key) === 0 ? 0 : 4);
  const innerAt = sequence + ((flags & FLAG.sequence) === 0 ? 0 : 4);
  if (innerAt > into.end) return false;
  into.innerAt = innerAt;
  into.innerType = (bytes[at + 2]! << 8) | bytes[at + 3]!;
  // Of 32 bits without a sign: -1 stands for none.
  into.tunnelId =
    sequence === key ? -1 : bytes.subarray(key, sequence).reduce((sum, byte) => sum * 256 + byte, 0);
  return true;
}

/** Where the checksum of the header at `at` and of all behind it stands; -1 where it has none. */
export function checksumAt(bytes: Uint8Array, at: number, end: number): number {
  return end - at >= LEAST_BYTES + 2 && (bytes[at]! & FLAG.checksum) !== 0 ? at + LEAST_BYTES : -1;
}

/** Whether the header at `at`, which openGre read, has a sequence number. */
export function hasSequence(bytes: Uint8Array, at: number): boolean {
  return (bytes[at]! & FLAG.sequence) !== 0;
}

/**
 * Behind the header of packets of a protocol type, as a device sends them: with the key that is worn or without one, and
 * nothing besides. To reach behind whatever may be there would make a filter several times as long.
 */
export function matchGre({ outer, vni }: Worn, type: string): Reach {
  const { unit, base, guards } = matchIp(outer, GRE_PROTOCOL);
  const flags = vni === undefined ? 0 : FLAG.key;
  const key = plus(base, LEAST_BYTES);
  return {
    unit,
    base: vni === undefined ? key : plus(key, 4),
    guards: [
      ...guards,
      `${unit}[${base}:2]&0xf007=0x${flags.toString(16)}00`,
      `${unit}[${plus(base, 2)}:2]=${type}`,
      ...(vni === undefined ? [] : [`${unit}[${key}:4]=${vni}`]),
    ],
  };
}

/** The key of a device; null where what it sends has more than a key, or its keys differ by direction. */
function readKey(data: Readonly<Record<string, unknown>>): { readonly vni?: number } | null {
  if (MORE.some((attribute) => data[attribute] === true)) return null;
  const [input, output] = [parseKey(data["ikey"]), parseKey(data["okey"])];
  if (input !== output) return null;
  return input === undefined ? {} : { vni: input };
}

/** Of ip-link(8). `external`: it is told with each packet. */
const MORE: readonly string[] = ["iseq", "oseq", "icsum", "ocsum", "external"];

/** iproute2 prints a key as an address: `0.0.0.5`. */
function parseKey(key: unknown): number | undefined {
  const number = typeof key === "string" && /^[0-9]+$/.test(key) ? Number(key) : key;
  if (typeof number === "number")
    return Number.isInteger(number) && number >= 0 && number < 2 ** 32 ? number : undefined;
  const parts = typeof key === "string" ? key.split(".").map(Number) : [];
  const isAddress =
    parts.length === 4 && parts.every((part) => Number.isInteger(part) && part >= 0 && part < 256);
  return isAddress ? parts.reduce((sum, part) => sum * 256 + part, 0) : undefined;
}

/** What a device of that kind wears. */
export function wornGre(kind: string, data: Readonly<Record<string, unknown>>, outer: 4 | 6): Worn | null {
  const key = readKey(data);
  return key === null ? null : { kind, ...key, outer };
}
