import { fitsName } from "../../model/names.js";
import { overlapNames } from "./names.js";

interface HostPattern {
  readonly host: string;
  readonly port: number | null;
}

const HOST = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.*_-]+)(?::([0-9]{1,5}))?$/;

/** `host`, `host:port`, `[v6]:port`; `*` stands for any letters of a name. undefined: it is none of them. */
export function parseHost(text: string): HostPattern | undefined {
  const [, host, port] = HOST.exec(text) ?? [];
  if (host === undefined) return undefined;
  const number = port === undefined ? null : Number(port);
  if (number !== null && (number < 1 || number > 65_535)) return undefined;
  return { host: canonicalHost(host), port: number };
}

/** Small letters, no final dot, and an address in the one way that URLs write it (0x7f.1 is 127.0.0.1). */
export function canonicalHost(host: string): string {
  const bare = host.toLowerCase().replace(/\.$/, "");
  if (bare.includes("*")) return bare;
  try {
    return new URL(`http://${bare.includes(":") && !bare.startsWith("[") ? `[${bare}]` : bare}/`).hostname;
  } catch {
    return bare;
  }
}

export function fitsHost(
  pattern: string,
  request: { readonly host: string; readonly port: number },
): boolean {
  const parsed = parseHost(pattern);
  if (parsed === undefined || parseHost(wrapHost(request.host)) === undefined) return false;
  const isPort = parsed.port === null || parsed.port === request.port;
  return isPort && !request.host.includes("*") && fitsName(parsed.host, canonicalHost(request.host));
}

export function overlapHosts(one: string, other: string): boolean {
  const a = parseHost(one);
  const b = parseHost(other);
  if (a === undefined || b === undefined) return false;
  return (a.port === null || b.port === null || a.port === b.port) && overlapNames(a.host, b.host);
}

function wrapHost(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}
