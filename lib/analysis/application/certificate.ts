import { X509Certificate } from "node:crypto";
import { visible } from "../../model/visible.js";

const MOST_NAMES = 8;
const MOST_NAME_CHARS = 100;

/**
 * Whom a certificate (DER, RFC 5280) is for: the names and addresses of its subjectAltName, or, without one, its
 * subject's common name. Empty where it is no certificate or names nobody.
 */
export function namesOfCertificate(der: Uint8Array): readonly string[] {
  const certificate = parse(der);
  if (certificate === null) return [];
  const alternatives = (certificate.subjectAltName ?? "").split(", ").flatMap((entry) => {
    const match = /^(?:DNS|IP Address):(.+)$/.exec(entry);
    return match === null ? [] : [match[1]!];
  });
  const common = /^CN=(.+)$/m.exec(certificate.subject)?.[1];
  const names = alternatives.length > 0 || common === undefined ? alternatives : [common];
  return names.slice(0, MOST_NAMES).map((name) => visible(name, { maxChars: MOST_NAME_CHARS }));
}

/** RFC 9525: the name itself, or one whose first label is `*`. */
export function isNamed(host: string, names: readonly string[]): boolean {
  const wanted = host.toLowerCase();
  const parent = wanted.slice(wanted.indexOf(".") + 1);
  return names.some((name) => {
    const given = name.toLowerCase();
    return given === wanted || (given.startsWith("*.") && given.slice(2) === parent);
  });
}

function parse(der: Uint8Array): X509Certificate | null {
  try {
    return new X509Certificate(der);
  } catch {
    return null;
  }
}
