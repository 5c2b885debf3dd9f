import { bytesOf, containsBytes, parsePrefix } from "../linux/address.js";
import { compareBytes } from "./bytes.js";
import type { AddressSet } from "./node.js";
import { parseNumber, parseRange, isWithin } from "./numbers.js";
import { protocolOf } from "../linux/protocols.js";
import type { PacketAddress } from "./packet.js";

/** What a packet has for one part of a set's entries. */
export interface SetKey {
  readonly address: PacketAddress;
  readonly port: number | null;
  readonly protocol: number;
  readonly mac: string | null;
  readonly device: string | null;
  readonly mark: number | null;
}

/** null: not said. */
type Answer = boolean | null;

const MOST_LISTS = 64;

/** Whether a set of ipset(8) holds a packet; null for a type, an entry or a part of the packet that is not known. */
export function isInSet(
  set: AddressSet,
  keys: readonly SetKey[],
  find: (name: string) => AddressSet | undefined,
): Answer {
  if (set.type === "list:set") return isInList(set, keys, find);
  const parts = set.type.split(":")[1]?.split(",") ?? [];
  if (parts.length === 0 || parts.length > keys.length) return null;
  // An exception is narrower than what it is taken out of.
  const isExcepted = anyOf(set.exceptions, (entry) => fits(entry, parts, keys));
  if (isExcepted !== false) return isExcepted === null ? null : false;
  return anyOf(set.entries, (entry) => fits(entry, parts, keys));
}

function isInList(
  { entries }: AddressSet,
  keys: readonly SetKey[],
  find: (name: string) => AddressSet | undefined,
): Answer {
  return anyOf(entries.slice(0, MOST_LISTS), (name) => {
    const member = find(name);
    return member === undefined || member.type === "list:set" ? null : isInSet(member, keys, find);
  });
}

function anyOf(entries: readonly string[], test: (entry: string) => Answer): Answer {
  let isUnsure = false;
  for (const entry of entries) {
    const answer = test(entry);
    if (answer === true) return true;
    if (answer === null) isUnsure = true;
  }
  return isUnsure ? null : false;
}

function fits(entry: string, parts: readonly string[], keys: readonly SetKey[]): Answer {
  const values = entry.split(",");
  if (values.length !== parts.length) return null;
  let answer: Answer = true;
  for (const [index, part] of parts.entries()) {
    const one = fitsPart(part, values[index] ?? "", keys[index]!);
    if (one === false) return false;
    if (one === null) answer = null;
  }
  return answer;
}

function fitsPart(part: string, value: string, key: SetKey): Answer {
  if (part === "ip" || part === "net") return fitsAddress(value, key);
  if (part === "port") return fitsPort(value, key);
  if (part === "mac") return key.mac === null ? null : key.mac === value.toLowerCase();
  if (part === "iface") return key.device === value;
  const mark = parseNumber(value);
  return part === "mark" && mark !== undefined && key.mark !== null ? key.mark === mark : null;
}

function fitsAddress(value: string, { address }: SetKey): Answer {
  const prefix = parsePrefix(value);
  if (prefix !== undefined) return containsBytes(prefix, address.bytes);
  const [from = "", to = ""] = value.split("-");
  const [first, last] = [bytesOf(from), bytesOf(to)];
  if (first === undefined || last === undefined) return null;
  return (
    first.length === address.bytes.length &&
    compareBytes(address.bytes, first) >= 0 &&
    compareBytes(address.bytes, last) <= 0
  );
}

/** `80`, `80-90`, `udp:53`. */
function fitsPort(value: string, { port, protocol }: SetKey): Answer {
  const at = value.lastIndexOf(":");
  const wanted = at < 0 ? undefined : protocolOf(value.slice(0, at));
  const range = parseRange(value.slice(at + 1), "-");
  if (range === undefined || (at >= 0 && wanted === undefined)) return null;
  if (wanted !== undefined && wanted !== protocol) return false;
  return port === null ? null : isWithin(port, range);
}
