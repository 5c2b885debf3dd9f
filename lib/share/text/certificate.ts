import { X509Certificate } from "node:crypto";
import { bytesOf } from "../../linux/address.js";
import { bytesOfWord, wordOf } from "../mapping/addresses.js";
import type { Mapping } from "../mapping/mapping.js";

/** Of ITU-T X.690, 8: what DER puts before each value. */
const TAG = {
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  oid: 0x06,
  time: 0x18,
  sequence: 0x30,
  version: 0xa0,
  extensions: 0xa3,
  dnsName: 0x82,
  address: 0x87,
} as const;
const ECDSA_WITH_SHA256 = Buffer.from("2a8648ce3d040302", "hex");
const EC_PUBLIC_KEY = Buffer.from("2a8648ce3d0201", "hex");
const PRIME256V1 = Buffer.from("2a8648ce3d030107", "hex");
const SUBJECT_ALT_NAME = Buffer.from("551d11", "hex");
const POINT_BYTES = 65;

/**
 * A certificate that says of the pseudonyms what this one says of the names: whom it is for, from when and until when, which is all that
 * a probe reads of it (RFC 5280, 4.1). Nothing else of it stays: keys, issuer, serial number, signature. null: it is none.
 */
export function mapCertificate(der: Buffer, mapping: Mapping): Buffer | null {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(der);
  } catch {
    return null;
  }
  const names = (certificate.subjectAltName ?? "").split(", ").flatMap((entry) => {
    const [, kind, name = ""] = /^(DNS|IP Address):(.+)$/.exec(entry) ?? [];
    if (kind === "DNS") return [tagged(TAG.dnsName, Buffer.from(mapping.domain(name), "latin1"))];
    const address = kind === undefined ? null : mapAddress(name, mapping);
    return address === null ? [] : [tagged(TAG.address, address)];
  });
  const signing = tagged(TAG.sequence, tagged(TAG.oid, ECDSA_WITH_SHA256));
  const nobody = tagged(TAG.sequence);
  const one = tagged(TAG.integer, Buffer.from([1]));
  const key = tagged(
    TAG.sequence,
    tagged(TAG.sequence, tagged(TAG.oid, EC_PUBLIC_KEY), tagged(TAG.oid, PRIME256V1)),
    tagged(TAG.bits, Buffer.alloc(POINT_BYTES + 1)),
  );
  const extension = tagged(
    TAG.sequence,
    tagged(TAG.oid, SUBJECT_ALT_NAME),
    tagged(TAG.octets, tagged(TAG.sequence, ...names)),
  );
  const dates = [certificate.validFrom, certificate.validTo].map((text) => new Date(text));
  // OpenSSL reads a certificate with any text for its dates, and says "Bad time value" of it.
  if (dates.some((date) => Number.isNaN(date.getTime()))) return null;
  const body = tagged(
    TAG.sequence,
    tagged(TAG.version, tagged(TAG.integer, Buffer.from([2]))),
    ...[one, signing, nobody, tagged(TAG.sequence, ...dates.map(timeOf)), nobody, key],
    ...(names.length === 0 ? [] : [tagged(TAG.extensions, tagged(TAG.sequence, extension))]),
  );
  return tagged(TAG.sequence, body, signing, tagged(TAG.bits, Buffer.from([0])));
}

function mapAddress(text: string, { addresses }: Mapping): Buffer | null {
  const bytes = bytesOf(text);
  if (bytes === undefined) return null;
  const own = Uint8Array.from(bytes);
  return Buffer.from(own.length === 4 ? bytesOfWord(addresses.map4(wordOf(own))) : addresses.map6(own));
}

/** `20261130062858Z`. */
function timeOf(date: Date): Buffer {
  const digits = date.toISOString().replaceAll(/\..*$|\D/g, "");
  return tagged(TAG.time, Buffer.from(`${digits}Z`, "ascii"));
}

function tagged(tag: number, ...parts: readonly Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  const { length } = value;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), value]);
}

const RECORD = { alert: 21, handshake: 22 } as const;
const HANDSHAKE = { serverHello: 2, certificate: 11 } as const;
const SERVER_HELLO_BYTES = 37;

/**
 * What a server answered a hello of TLS (RFC 5246, 7.4), as far as a probe reads it: its version, the certificate with pseudonyms in place of
 * names, alerts. Nothing else of it stays.
 */
export function mapFlight(bytes: Buffer, mapping: Mapping): Buffer {
  const records: Buffer[] = [];
  let handshake = Buffer.alloc(0);
  for (let at = 0; at + 5 <= bytes.length; at += 5 + bytes.readUInt16BE(at + 3)) {
    const body = bytes.subarray(at + 5, at + 5 + bytes.readUInt16BE(at + 3));
    if (bytes[at] === RECORD.alert && body.length === 2)
      records.push(bytes.subarray(at, at + 5 + body.length));
    else if (bytes[at] === RECORD.handshake) handshake = Buffer.concat([handshake, body]);
    else break;
  }
  const messages: Buffer[] = [];
  for (let at = 0; at + 4 <= handshake.length; at += 4 + handshake.readUIntBE(at + 1, 3)) {
    const body = handshake.subarray(at + 4, at + 4 + handshake.readUIntBE(at + 1, 3));
    if (handshake[at] === HANDSHAKE.serverHello && body.length >= 2)
      messages.push(
        message(
          HANDSHAKE.serverHello,
          Buffer.concat([body.subarray(0, 2), Buffer.alloc(SERVER_HELLO_BYTES - 2)]),
        ),
      );
    if (handshake[at] !== HANDSHAKE.certificate || body.length < 6) continue;
    const certificate = mapCertificate(body.subarray(6, 6 + body.readUIntBE(3, 3)), mapping);
    if (certificate !== null) messages.push(message(HANDSHAKE.certificate, sized(sized(certificate))));
  }
  if (messages.length > 0) {
    const body = Buffer.concat(messages);
    records.push(
      Buffer.concat([Buffer.from([RECORD.handshake, 3, 3, body.length >> 8, body.length & 0xff]), body]),
    );
  }
  return Buffer.concat(records);
}

function message(kind: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([kind]), sized(body)]);
}

/** Behind its length in three bytes. */
function sized(body: Buffer): Buffer {
  const length = Buffer.alloc(3);
  length.writeUIntBE(body.length, 0, 3);
  return Buffer.concat([length, body]);
}
