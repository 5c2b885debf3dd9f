import { X509Certificate } from "node:crypto";
import type { TlsFacts } from "../../model/evidence.js";
import { visible } from "../../model/visible.js";

const RECORD = { alert: 21, handshake: 22 } as const;
const HANDSHAKE = { serverHello: 2, certificate: 11 } as const;
const MOST_NAMES = 8;
const MOST_NAME_CHARS = 100;
/** RFC 8446, 6: those that servers answer a ClientHello with. */
const ALERTS: Readonly<Record<number, string>> = {
  10: "unexpected_message",
  40: "handshake_failure",
  47: "illegal_parameter",
  49: "access_denied",
  50: "decode_error",
  70: "protocol_version",
  71: "insufficient_security",
  80: "internal_error",
  90: "user_canceled",
  112: "unrecognized_name",
  116: "certificate_required",
  120: "no_application_protocol",
};
const VERSIONS: Readonly<Record<number, string>> = {
  0x0301: "TLS 1.0",
  0x0302: "TLS 1.1",
  0x0303: "TLS 1.2",
};

export const NO_FACTS: TlsFacts = { version: null, names: [], notBefore: null, notAfter: null, alert: null };

/**
 * What a server's first flight says (RFC 5246, 7.4): the version, its own certificate, an alert. null: it is no TLS. It is the
 * far end's word, and may be cut.
 */
export function readFlight(bytes: Buffer): TlsFacts | null {
  let handshake = Buffer.alloc(0);
  let alert: string | null = null;
  let at = 0;
  while (at + 5 <= bytes.length) {
    const [type = 0, major = 0] = [bytes[at], bytes[at + 1]];
    if (major !== 3 || (type !== RECORD.alert && type !== RECORD.handshake)) break;
    const body = bytes.subarray(at + 5, at + 5 + bytes.readUInt16BE(at + 3));
    if (type === RECORD.handshake) handshake = Buffer.concat([handshake, body]);
    // 1 is a warning, after which the handshake goes on.
    else if (body[0] === 2) alert ??= nameAlert(body[1]);
    at += 5 + bytes.readUInt16BE(at + 3);
  }
  if (at === 0) return null;
  return { ...NO_FACTS, alert, ...readHandshake(handshake) };
}

function readHandshake(bytes: Buffer): Partial<TlsFacts> {
  let found: Partial<TlsFacts> = {};
  let at = 0;
  while (at + 4 <= bytes.length) {
    const body = bytes.subarray(at + 4, at + 4 + bytes.readUIntBE(at + 1, 3));
    if (bytes[at] === HANDSHAKE.serverHello && body.length >= 2)
      found = { ...found, version: VERSIONS[body.readUInt16BE(0)] ?? "another version" };
    if (bytes[at] === HANDSHAKE.certificate && body.length >= 6)
      found = { ...found, ...readCertificate(body.subarray(6, 6 + body.readUIntBE(3, 3))) };
    at += 4 + bytes.readUIntBE(at + 1, 3);
  }
  return found;
}

/** Whom a certificate in DER is for, and when; nothing where it is none. */
export function readCertificate(der: Buffer): Partial<TlsFacts> {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(der);
  } catch {
    return {};
  }
  const names = (certificate.subjectAltName ?? "").split(", ").flatMap((entry) => {
    const name = /^(?:DNS|IP Address):(.+)$/.exec(entry)?.[1];
    return name === undefined ? [] : [visible(name, { maxChars: MOST_NAME_CHARS })];
  });
  return {
    names: names.slice(0, MOST_NAMES),
    notBefore: timeOf(certificate.validFrom),
    notAfter: timeOf(certificate.validTo),
  };
}

function timeOf(text: string): string | null {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

export function nameAlert(description: number | undefined): string {
  return ALERTS[description ?? -1] ?? `alert ${String(description)}`;
}
