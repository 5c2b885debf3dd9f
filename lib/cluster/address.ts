import { isIP, isIPv6 } from "node:net";

export interface AddressAndPort {
  readonly ip: string;
  readonly port: number | null;
}

/**
 * One spelling an address, so that they compare as text: IPv6 in its compressed lower-case form (RFC 5952).
 * undefined where the text is no address; zone ids (`fe80::1%eth0`) are not taken.
 */
export function canonicalIp(text: string): string | undefined {
  if (text.includes("%") || isIP(text) === 0) return undefined;
  if (!isIPv6(text)) return text;
  return new URL(`http://[${text}]/`).hostname.slice(1, -1);
}

/** A port from 1 to 65535; undefined where the text is none. */
export function parsePort(text: string): number | undefined {
  if (!/^[0-9]{1,5}$/.test(text)) return undefined;
  const port = Number(text);
  return port >= 1 && port <= 65_535 ? port : undefined;
}

/** `1.2.3.4`, `1.2.3.4:80`, `fd00::1`, `[fd00::1]`, `[fd00::1]:80`; undefined where the text is none of them. */
export function parseAddress(text: string): AddressAndPort | undefined {
  const bare = canonicalIp(text);
  if (bare !== undefined) return { ip: bare, port: null };
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(.*))?$/.exec(text);
  const inner = match?.[1] ?? match?.[2];
  const ip = inner === undefined ? undefined : canonicalIp(inner);
  if (ip === undefined || (match?.[1] !== undefined && !isIPv6(ip))) return undefined;
  if (match?.[3] === undefined) return { ip, port: null };
  const port = parsePort(match[3]);
  return port === undefined ? undefined : { ip, port };
}

/** 4 or 6 for an address; 4 for anything else. */
export function ipVersion(ip: string): 4 | 6 {
  return isIPv6(ip) ? 6 : 4;
}

/** `1.2.3.4:80`, `[fd00::1]:80`, `1.2.3.4`. */
export function formatAddress(address: AddressAndPort): string {
  if (address.port === null) return address.ip;
  return isIPv6(address.ip) ? `[${address.ip}]:${address.port}` : `${address.ip}:${address.port}`;
}
