import { isIPv4, isIPv6 } from "node:net";

/** An IP address as signed 32-bit words; an IPv4 one uses the first only. */
export interface IpWords {
  readonly version: 4 | 6;
  readonly words: readonly [number, number, number, number];
}

/** Undefined where the text is no IP address. A zone (`fe80::1%eth0`) is dropped: packets have none. */
export function parseIp(text: string): IpWords | undefined {
  const bare = text.split("%", 1)[0]!;
  if (isIPv4(bare)) return { version: 4, words: [parseIpv4(bare), 0, 0, 0] };
  if (!isIPv6(bare)) return undefined;
  const groups = parseIpv6Groups(bare);
  const word = (index: number): number => (groups[index]! << 16) | groups[index + 1]!;
  return { version: 6, words: [word(0), word(2), word(4), word(6)] };
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

function parseIpv4(text: string): number {
  return text.split(".").reduce((word, part) => (word << 8) | Number(part), 0);
}

function parseIpv6Groups(text: string): readonly number[] {
  // The last 32 bits may be written as IPv4.
  const tail = /[^:]*\.[^:]*$/.exec(text)?.[0];
  const plain = tail === undefined ? text : text.slice(0, -tail.length) + asGroups(parseIpv4(tail));
  const [head = "", rest] = plain.split("::");
  const split = (part: string): number[] =>
    part === "" ? [] : part.split(":").map((group) => parseInt(group, 16));
  const left = split(head);
  if (rest === undefined) return left;
  const right = split(rest);
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
}

function asGroups(word: number): string {
  return `${(word >>> 16).toString(16)}:${(word & 0xffff).toString(16)}`;
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
