import { formatBytes } from "../../linux/address.js";

/** What an answer says of addresses (RFC 1035 4.1, RFC 3596). */
export interface AddressAnswer {
  /** By its number, RFC 1035 4.1.1: 0 for NOERROR, 3 for NXDOMAIN. */
  readonly rcode: number;
  /** It has not all that there is. */
  readonly truncated: boolean;
  /** Of A and AAAA records, in their order, whatever aliases lead to them. */
  readonly addresses: readonly string[];
}

const HEADER_BYTES = 12;
const [A, AAAA, IN] = [1, 28, 1];
const ADDRESS_BYTES: Readonly<Record<number, number>> = { [A]: 4, [AAAA]: 16 };
const [IS_ANSWER, IS_TRUNCATED, RCODE] = [0x8000, 0x0200, 0x000f];
/** A message of 64 KiB has no more of them. */
const MOST_RECORDS = 4000;

/** Reads a message as it came, which may be cut or lie: what is sound of it counts. undefined: it is no answer. */
export function parseAddressAnswer(bytes: Buffer): AddressAnswer | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const flags = bytes.readUInt16BE(2);
  if ((flags & IS_ANSWER) === 0) return undefined;
  const rcode = flags & RCODE;
  const addresses: string[] = [];
  let at: number | null = HEADER_BYTES;
  for (let left = bytes.readUInt16BE(4); left > 0 && at !== null; left -= 1) {
    at = skipName(bytes, at);
    if (at !== null) at += 4;
  }
  let isCut = false;
  for (let left = Math.min(bytes.readUInt16BE(6), MOST_RECORDS); left > 0; left -= 1) {
    const fixed: number | null = at === null ? null : skipName(bytes, at);
    if (fixed === null || fixed + 10 > bytes.length) {
      isCut = true;
      break;
    }
    const type = bytes.readUInt16BE(fixed);
    const length = bytes.readUInt16BE(fixed + 8);
    const data = bytes.subarray(fixed + 10, fixed + 10 + length);
    if (ADDRESS_BYTES[type] === data.length && bytes.readUInt16BE(fixed + 2) === IN) {
      const ip = formatBytes([...data]);
      if (ip !== undefined) addresses.push(ip);
    }
    at = fixed + 10 + length;
  }
  return { rcode, truncated: isCut || (flags & IS_TRUNCATED) !== 0, addresses: [...new Set(addresses)] };
}

/** Where a name ends; a pointer is its end (RFC 1035 4.1.4). null: it has none. */
function skipName(bytes: Buffer, start: number): number | null {
  let at = start;
  for (;;) {
    const length = bytes[at];
    if (length === undefined) return null;
    if (length === 0) return at + 1;
    if (length >= 0xc0) return at + 2;
    if (length > 63) return null;
    at += length + 1;
  }
}
