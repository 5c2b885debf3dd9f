import { bytesOf, withoutZone } from "../../linux/address.js";

/** An IP address as signed 32-bit words; an IPv4 one uses the first only. */
interface IpWords {
  readonly version: 4 | 6;
  readonly words: readonly [number, number, number, number];
}

/** Undefined where the text is no IP address. A zone (`fe80::1%eth0`) is dropped: packets have none. */
export function parseIp(text: string): IpWords | undefined {
  const bytes = bytesOf(withoutZone(text));
  if (bytes === undefined) return undefined;
  const view = new DataView(Uint8Array.from(bytes).buffer);
  const word = (at: number): number => (at < bytes.length ? view.getInt32(at) : 0);
  return { version: bytes.length === 4 ? 4 : 6, words: [word(0), word(4), word(8), word(12)] };
}

/** Dotted decimal, or RFC 5952's text. */
export function formatIp(version: number, words: readonly number[]): string {
  if (version === 4) {
    const word = words[0]!;
    return [word >>> 24, (word >>> 16) & 0xff, (word >>> 8) & 0xff, word & 0xff].join(".");
  }
  const groups = words.flatMap((word) => [word >>> 16, word & 0xffff]);
  return compressGroups(groups);
}

/** The MAC address whose 6 bytes stand at an offset: `02:00:00:00:00:01`. */
export function formatMac(bytes: Uint8Array, at: number): string {
  return Array.from(bytes.subarray(at, at + 6), (byte) => byte.toString(16).padStart(2, "0")).join(":");
}

function compressGroups(groups: readonly number[]): string {
  let [bestAt, bestLength] = [-1, 1];
  for (let at = 0; at < groups.length; at++) {
    let length = 0;
    while (groups[at + length] === 0) length++;
    if (length > bestLength) [bestAt, bestLength] = [at, length];
  }
  const hex = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(":");
  if (bestAt < 0) return hex(groups);
  return `${hex(groups.slice(0, bestAt))}::${hex(groups.slice(bestAt + bestLength))}`;
}
