import { createHash } from "node:crypto";
import { isAddress } from "../../linux/address.js";

/** ECDHE and RSA with AES-GCM and ChaCha20: what servers of TLS 1.2 have had since 2016 (RFC 9325, 4.2). */
const CIPHERS = [
  0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc009, 0xc013, 0xc00a, 0xc014, 0x9c, 0x9d, 0x2f, 0x35,
];
const GROUPS = [0x001d, 0x0017, 0x0018];
const SIGNATURES = [0x0403, 0x0503, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601];
const EXTENSION = { serverName: 0, groups: 10, pointFormats: 11, signatures: 13, masterSecret: 23 } as const;
const MAX_NAME_BYTES = 253;

/**
 * A ClientHello (RFC 5246, 7.4.1.2) in its record, of TLS 1.2 at most: later versions encrypt the certificate. `serverName`
 * is its SNI; an address or "" has none. `seed` makes its random.
 */
export function buildClientHello(serverName: string, seed: string): Buffer {
  const random = createHash("sha256").update(seed).digest();
  const asked = serverName === "" || isAddress(serverName) ? [] : [sniOf(serverName)];
  const extensions = Buffer.concat([
    ...asked,
    extension(EXTENSION.groups, sized(2, numbers(GROUPS))),
    extension(EXTENSION.pointFormats, sized(1, Buffer.from([0]))),
    extension(EXTENSION.signatures, sized(2, numbers(SIGNATURES))),
    extension(EXTENSION.masterSecret, Buffer.alloc(0)),
  ]);
  const body = Buffer.concat([
    ...[Buffer.from([3, 3]), random, sized(1, Buffer.alloc(0)), sized(2, numbers(CIPHERS))],
    ...[sized(1, Buffer.from([0])), sized(2, extensions)],
  ]);
  const handshake = Buffer.concat([Buffer.from([1]), sized(3, body)]);
  return Buffer.concat([Buffer.from([22, 3, 1]), sized(2, handshake)]);
}

function sniOf(serverName: string): Buffer {
  const name = Buffer.from(serverName.slice(0, MAX_NAME_BYTES), "ascii");
  return extension(EXTENSION.serverName, sized(2, Buffer.concat([Buffer.from([0]), sized(2, name)])));
}

function extension(type: number, data: Buffer): Buffer {
  return Buffer.concat([numbers([type]), sized(2, data)]);
}

/** With its length before it. */
function sized(lengthBytes: 1 | 2 | 3, data: Buffer): Buffer {
  const length = Buffer.alloc(lengthBytes);
  length.writeUIntBE(data.length, 0, lengthBytes);
  return Buffer.concat([length, data]);
}

function numbers(values: readonly number[]): Buffer {
  return Buffer.from(values.flatMap((value) => [value >> 8, value & 0xff]));
}
