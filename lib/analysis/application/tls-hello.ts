import { visible } from "../../model/visible.js";
import { uint16 } from "../dissect/bytes.js";

const RANDOM_BYTES = 32;
const EXTENSION = { serverName: 0, protocols: 16, versions: 43 } as const;
const MOST_EXTENSIONS = 64;
const MOST_PROTOCOLS = 8;
const MOST_TEXT_CHARS = 100;
/** The random of a ServerHello that asks for another ClientHello begins so (RFC 8446, 4.1.3). */
const RETRY = [0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11];

export interface ClientHello {
  readonly kind: "clientHello";
  /** SNI; null where it asks for none, or not within what was captured. */
  readonly serverName: string | null;
  /** ALPN, in the client's order. */
  readonly protocols: readonly string[];
}

export interface ServerHello {
  readonly kind: "serverHello";
  /** What is spoken, 0x0304 for TLS 1.3. */
  readonly version: number;
  /** It asks for another ClientHello. */
  readonly isRetry: boolean;
}

/** The body of a ClientHello (RFC 8446, 4.1.2), as far as it was captured; null where not even its random was. */
export function readClientHello(bytes: Uint8Array, at: number, end: number): ClientHello | null {
  if (end - at < 2 + RANDOM_BYTES) return null;
  let serverName: string | null = null;
  const protocols: string[] = [];
  const session = at + 2 + RANDOM_BYTES;
  const ciphers = passVector(bytes, session, { end, lengthBytes: 1 });
  const compressions = passVector(bytes, ciphers, { end, lengthBytes: 2 });
  const extensions = passVector(bytes, compressions, { end, lengthBytes: 1 }) + 2;
  eachExtension(bytes, { at: extensions, end }, (type, from, to) => {
    if (type === EXTENSION.serverName && to - from > 5)
      serverName = textOf(bytes, from + 5, Math.min(to, from + 5 + uint16(bytes, from + 3)));
    if (type === EXTENSION.protocols) protocols.push(...readProtocols(bytes, from + 2, to));
  });
  return { kind: "clientHello", serverName, protocols };
}

/** The body of a ServerHello (RFC 8446, 4.1.3); null where not even its random was captured. */
export function readServerHello(bytes: Uint8Array, at: number, end: number): ServerHello | null {
  if (end - at < 2 + RANDOM_BYTES) return null;
  let version = uint16(bytes, at);
  const session = at + 2 + RANDOM_BYTES;
  // The cipher suite, the compression and the length of all extensions.
  const extensions = passVector(bytes, session, { end, lengthBytes: 1 }) + 5;
  eachExtension(bytes, { at: extensions, end }, (type, from, to) => {
    if (type === EXTENSION.versions && to - from >= 2) version = uint16(bytes, from);
  });
  const isRetry = RETRY.every((byte, index) => bytes[at + 2 + index] === byte);
  return { kind: "serverHello", version, isRetry };
}

/** Behind a vector with a length before it; the end of what there is where that is cut. */
function passVector(
  bytes: Uint8Array,
  at: number,
  within: { readonly end: number; readonly lengthBytes: 1 | 2 },
): number {
  const from = at + within.lengthBytes;
  if (from > within.end) return within.end;
  return Math.min(within.end, from + (within.lengthBytes === 1 ? bytes[at]! : uint16(bytes, at)));
}

function eachExtension(
  bytes: Uint8Array,
  within: { readonly at: number; readonly end: number },
  note: (type: number, from: number, to: number) => void,
): void {
  let { at } = within;
  for (let count = 0; count < MOST_EXTENSIONS && at + 4 <= within.end; count++) {
    const to = Math.min(within.end, at + 4 + uint16(bytes, at + 2));
    note(uint16(bytes, at), at + 4, to);
    at = to;
  }
}

function readProtocols(bytes: Uint8Array, at: number, end: number): readonly string[] {
  const found: string[] = [];
  while (at < end && found.length < MOST_PROTOCOLS) {
    const to = at + 1 + bytes[at]!;
    found.push(textOf(bytes, at + 1, Math.min(to, end)));
    at = to;
  }
  return found;
}

function textOf(bytes: Uint8Array, from: number, to: number): string {
  return visible(Buffer.from(bytes.subarray(from, to)).toString("latin1"), { maxChars: MOST_TEXT_CHARS });
}
