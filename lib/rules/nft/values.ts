import { bytesOf } from "../../linux/address.js";
import { protocolOf } from "../../linux/protocols.js";
import { asList, isRecord, numberOf, textOf } from "../../linux/json.js";
import { ICMP_TYPES, ICMPV6_TYPES } from "../icmp-names.js";
import { parseNumber } from "../numbers.js";

/** A number of any length, a name (devices, types of addresses), or several of them side by side. */
export type Value = bigint | string | readonly Value[];

/** What a packet's field is, which says how the words of a rule for it are read. */
export type FieldKind =
  | "address"
  | "port"
  | "protocol"
  | "icmp"
  | "icmpv6"
  | "state"
  | "status"
  | "flags"
  | "direction"
  | "name"
  | "dscp"
  | "number"
  | "network-protocol";

const STATES: ReadonlyMap<string, bigint> = new Map([
  ["invalid", 1n],
  ["established", 2n],
  ["related", 4n],
  ["new", 8n],
  ["untracked", 64n],
]);
const STATUSES: ReadonlyMap<string, bigint> = new Map([
  ["expected", 1n],
  ["seen-reply", 2n],
  ["assured", 4n],
  ["confirmed", 8n],
  ["snat", 16n],
  ["dnat", 32n],
  ["dying", 512n],
]);
const FLAGS: ReadonlyMap<string, bigint> = new Map(
  ["fin", "syn", "rst", "psh", "ack", "urg", "ecn", "cwr"].map((name, bit) => [name, 1n << BigInt(bit)]),
);
const NETWORK_PROTOCOLS: ReadonlyMap<string, bigint> = new Map([
  ["ipv4", 2n],
  ["ipv6", 10n],
  ["ip", 0x0800n],
  ["ip6", 0x86ddn],
  ["arp", 0x0806n],
]);
const DIRECTIONS: ReadonlyMap<string, bigint> = new Map([
  ["original", 0n],
  ["reply", 1n],
]);

/** RFC 2474, 2597, 3246, 5865 and 8622. */
const CODE_POINTS: ReadonlyMap<string, bigint> = new Map([
  ...Array.from({ length: 8 }, (_, of): [string, bigint] => [`cs${of}`, BigInt(of * 8)]),
  ...[1, 2, 3, 4].flatMap((of) =>
    [1, 2, 3].map((drop): [string, bigint] => [`af${of}${drop}`, BigInt(of * 8 + drop * 2)]),
  ),
  ["be", 0n],
  ["lephb", 1n],
  ["va", 44n],
  ["ef", 46n],
]);

const big = (names: ReadonlyMap<string, number>): ReadonlyMap<string, bigint> =>
  new Map([...names].map(([name, value]) => [name, BigInt(value)]));

const WORDS: Readonly<Partial<Record<FieldKind, ReadonlyMap<string, bigint>>>> = {
  state: STATES,
  status: STATUSES,
  flags: FLAGS,
  direction: DIRECTIONS,
  dscp: CODE_POINTS,
  icmp: big(ICMP_TYPES),
  icmpv6: big(ICMPV6_TYPES),
  "network-protocol": NETWORK_PROTOCOLS,
};

export function ofBytes(bytes: readonly number[]): bigint {
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

/** A word or number as nft prints it; several that are flags together are one. null: it is not understood. */
export function readValue(value: unknown, kind: FieldKind): Value | null {
  if (typeof value === "number") return Number.isSafeInteger(value) && value >= 0 ? BigInt(value) : null;
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (typeof value === "string") return readWord(value, kind);
  const several = Array.isArray(value) ? asList(value) : isRecord(value) ? asList(value["|"]) : [];
  if (several.length === 0) return null;
  let sum = 0n;
  for (const each of several) {
    const one = readValue(each, kind);
    if (typeof one !== "bigint") return null;
    sum |= one;
  }
  return sum;
}

function readWord(word: string, kind: FieldKind): Value | null {
  if (kind === "name") return word;
  const named = WORDS[kind]?.get(word);
  if (named !== undefined) return named;
  if (kind === "protocol") {
    const protocol = protocolOf(word);
    return protocol === undefined ? null : BigInt(protocol);
  }
  if (kind === "address") {
    const bytes = bytesOf(word);
    return bytes === undefined ? null : ofBytes(bytes);
  }
  const number = parseNumber(word);
  return number === undefined ? null : BigInt(number);
}

/** First and last of `{"range": […]}` or `{"prefix": …}`, or one twice; null where it is none. */
export function readSpan(value: unknown, kind: FieldKind): readonly [bigint, bigint] | null {
  if (isRecord(value) && Array.isArray(value["range"])) {
    const [first, last] = value["range"].map((end) => readValue(end, kind));
    return typeof first === "bigint" && typeof last === "bigint" ? [first, last] : null;
  }
  const prefix = isRecord(value) && isRecord(value["prefix"]) ? value["prefix"] : null;
  if (prefix === null) {
    const one = readValue(value, kind);
    return typeof one === "bigint" ? [one, one] : null;
  }
  const text = textOf(prefix["addr"]) ?? "";
  const [bytes, length] = [bytesOf(text), numberOf(prefix["len"])];
  if (
    bytes === undefined ||
    length === null ||
    !Number.isInteger(length) ||
    length < 0 ||
    length > bytes.length * 8
  )
    return null;
  const rest = BigInt(bytes.length * 8 - length);
  const first = (ofBytes(bytes) >> rest) << rest;
  return [first, first | ((1n << rest) - 1n)];
}
