import { canonicalIp, ipVersion } from "./address.js";

export interface AddressAndPort {
  readonly ip: string;
  readonly port: number | null;
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
  if (ip === undefined || (match?.[1] !== undefined && ipVersion(ip) !== 6)) return undefined;
  if (match?.[3] === undefined) return { ip, port: null };
  const port = parsePort(match[3]);
  return port === undefined ? undefined : { ip, port };
}

/** `1.2.3.4:80`, `[fd00::1]:80`, `1.2.3.4`. */
export function formatAddress(address: AddressAndPort): string {
  if (address.port === null) return address.ip;
  return `${bracketIp(address.ip)}:${address.port}`;
}

/** An address as it stands before a port: IPv6 in brackets. */
export function bracketIp(ip: string): string {
  return ipVersion(ip) === 6 ? `[${ip}]` : ip;
}
