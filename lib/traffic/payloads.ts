import { HopbookError } from "../errors.js";

/** Bytes as bash's `printf %b` takes them. */
export function escapeBytes(bytes: Uint8Array): string {
  return [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
}

/** A datagram of ours: "hopbook ", the tag's 6 bytes, the attempt's number in 2. */
export function buildDatagram(tagHex: string, seq: number): Buffer {
  const number = Buffer.alloc(2);
  number.writeUInt16BE(seq & 0xffff);
  return Buffer.concat([Buffer.from("hopbook "), Buffer.from(tagHex, "hex"), number]);
}

/**
 * The transaction id of an attempt's query. Neither byte is 0xff (telnet's IAC, RFC 854), 0x0d or 0x0a, since
 * curl's telnet carries DNS over TCP. Different for 200 attempts in a row.
 */
export function queryIdOf(tagHex: string, seq: number): number {
  const seed = Buffer.from(tagHex, "hex");
  const high = seed.readUInt8(0) % 200;
  const low = (seed.readUInt8(1) + seq) % 200;
  return ((high + 32) << 8) | (low + 32);
}

/** A DNS query for an A (4) or AAAA (6) record, recursion desired (RFC 1035, 4.1). */
export function buildQuery(name: string, options: { readonly id: number; readonly family: 4 | 6 }): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt16BE(options.id, 0);
  header.writeUInt16BE(0x0100, 2);
  header.writeUInt16BE(1, 4);
  const labels = splitName(name).map((label) => Buffer.concat([Buffer.from([label.length]), label]));
  const type = options.family === 4 ? 1 : 28;
  return Buffer.concat([header, ...labels, Buffer.from([0, 0, type, 0, 1])]);
}

/** The same query, which says that an answer may have so many bytes (EDNS, RFC 6891 6.1.2). */
export function withRoomFor(query: Buffer, bytes: number): Buffer {
  const option = Buffer.from([0, 0, 41, 0, 0, 0, 0, 0, 0, 0, 0]);
  option.writeUInt16BE(bytes, 3);
  const whole = Buffer.concat([query, option]);
  whole.writeUInt16BE(1, 10);
  return whole;
}

/** The same with the two bytes of length that TCP puts in front (RFC 1035, 4.2.2). */
export function framedForTcp(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

/** Whether a query can ask for the name (RFC 1035 2.3.4, and what people name besides: `_`, `*`). */
export function isQueryName(name: string): boolean {
  const bare = name.replace(/\.$/, "");
  return bare.length <= 253 && labelsOf(bare).every((label) => LABEL.test(label));
}

const LABEL = /^[A-Za-z0-9_*]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/;

const labelsOf = (bare: string): readonly string[] => (bare === "" ? [] : bare.split("."));

function splitName(name: string): readonly Buffer[] {
  if (isQueryName(name)) return labelsOf(name.replace(/\.$/, "")).map((label) => Buffer.from(label, "ascii"));
  throw new HopbookError(
    "INPUT_INVALID",
    `Cannot ask for a DNS name: it is ${JSON.stringify(name.slice(0, 160))}`,
    { hint: "Give labels of letters, digits, - and _, at most 63 characters each and 253 in all" },
  );
}
