import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

export type Family = 4 | 6;

/** An IP prefix: the addresses that share their first bits. */
export interface Prefix {
  readonly family: Family;
  readonly bytes: readonly number[];
  readonly lengthBits: number;
}

/** The IP version of an address without a zone; undefined where the text is no address. */
export function familyOf(text: string): Family | undefined {
  const version = text.includes("%") ? 0 : isIP(text);
  return version === 4 || version === 6 ? version : undefined;
}

/** True for an IPv4 or IPv6 address without a zone. */
export function isAddress(text: string): boolean {
  return familyOf(text) !== undefined;
}

/** 4 or 6 for an address; 4 for anything else. */
export function ipVersion(ip: string): Family {
  return isIP(ip) === 6 ? 6 : 4;
}

/**
 * One spelling an address, so that they compare as text: IPv6 in its compressed lower-case form (RFC 5952).
 * undefined where the text is no address; zone ids (`fe80::1%eth0`) are not taken.
 */
export function canonicalIp(text: string): string | undefined {
  const family = familyOf(text);
  if (family === undefined) return undefined;
  return family === 4 ? text : parseIpv6(text).toRFC5952String();
}

/** The 4 or 16 bytes of an address, in network order; undefined where the text is none or has a zone. */
export function bytesOf(text: string): readonly number[] | undefined {
  const family = familyOf(text);
  if (family === undefined) return undefined;
  return family === 4 ? ipaddr.IPv4.parse(text).octets : parseIpv6(text).toByteArray();
}

/** The address of 4 or 16 bytes, in its canonical form; undefined for another number of bytes. */
export function formatBytes(bytes: readonly number[]): string | undefined {
  if (bytes.length !== 4 && bytes.length !== 16) return undefined;
  return bytes.length === 4 ? bytes.join(".") : new ipaddr.IPv6([...bytes]).toRFC5952String();
}

/** Whether an address is good on its own link alone (fe80::/10, RFC 4291): it names a neighbour, and no node. */
export function isLinkLocal(ip: string): boolean {
  return containsBytes(LINK_LOCAL, bytesOf(ip) ?? []);
}

const LINK_LOCAL: Prefix = { family: 6, bytes: [0xfe, 0x80, ...Array<number>(14).fill(0)], lengthBits: 10 };

/** `fe80::1` of `fe80::1%eth0`: packets have no zone. */
export function withoutZone(text: string): string {
  const [address = ""] = text.split("%", 1);
  return address;
}

/** The IPv4 address that sockets of both families write as `::ffff:10.0.0.1`; any other as it is. */
export function unmapIp(ip: string): string {
  const bytes = bytesOf(ip);
  const isMapped = bytes?.length === 16 && bytes.slice(0, 12).join() === MAPPED;
  return isMapped ? bytes.slice(12).join(".") : ip;
}

const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255].join();

/** `10.0.0.0/8`, `fd00::/64`, an address alone; undefined where the text is none of them. Host bits are kept. */
export function parsePrefix(text: string): Prefix | undefined {
  const [base = "", length, ...more] = text.split("/");
  const family = familyOf(base);
  const bytes = bytesOf(base);
  if (family === undefined || bytes === undefined || more.length > 0) return undefined;
  const most = bytes.length * 8;
  if (length !== undefined && !/^[0-9]{1,3}$/.test(length)) return undefined;
  const lengthBits = length === undefined ? most : Number(length);
  return lengthBits > most ? undefined : { family, bytes, lengthBits };
}

/** Whether an address lies in a prefix; never for one of the other family, nor for what is no address. */
export function containsIp(prefix: Prefix, ip: string): boolean {
  const bytes = bytesOf(ip);
  return bytes !== undefined && containsBytes(prefix, bytes);
}

/** The same of an address's bytes. */
export function containsBytes(prefix: Prefix, bytes: readonly number[]): boolean {
  if (bytes.length !== prefix.bytes.length) return false;
  return prefix.bytes.every((byte, index) => {
    const bits = Math.min(8, Math.max(0, prefix.lengthBits - index * 8));
    const mask = 0xff & (0xff << (8 - bits));
    return (byte & mask) === (bytes[index]! & mask);
  });
}

/** The text is an address by Node's own strict reading; ipaddr.js takes `::1.2.3.4` for `::ffff:1.2.3.4`. */
function parseIpv6(text: string): ipaddr.IPv6 {
  const dotted = /[0-9.]+$/.exec(text)?.[0] ?? "";
  if (!dotted.includes(".")) return ipaddr.IPv6.parse(text);
  const [a = 0, b = 0, c = 0, d = 0] = dotted.split(".").map(Number);
  const groups = [(a << 8) | b, (c << 8) | d].map((group) => group.toString(16)).join(":");
  return ipaddr.IPv6.parse(text.slice(0, -dotted.length) + groups);
}
