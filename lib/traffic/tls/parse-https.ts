import type { ProbeAttempt, TlsFacts } from "../../model/evidence.js";
import { cleanText, linesOf } from "../clean.js";
import { nameAlert, NO_FACTS, readCertificate } from "./flight.js";

const SECURED =
  /^secured ([0-9]{1,3}) (TLSv[0-9.]{1,4}|SSLv[23]) ([A-Za-z0-9_-]{1,60}) ([0-9]{1,3}) \((.{1,120})\)$/;
const CERTIFICATE = /^cert 1 ([A-Za-z0-9+/=]{1,80})$/;
const TIMED = /^timed ([0-9]{1,3}) ([0-9]{1,9})$/;
const MOST_CERTIFICATE_LINES = 250;
/** openssl's words of a first record that is none of TLS. */
const NO_TLS = /wrong version number|packet length too long|http request|unknown protocol|record too small/;

/** What openssl said of an attempt without an answer of HTTP; undefined: nothing of TLS. */
export function readTlsFailure(text: string): Pick<ProbeAttempt, "outcome" | "detail" | "tls"> | undefined {
  const number = /^alert ([0-9]{1,3})$/.exec(text)?.[1];
  if (number !== undefined) {
    const alert = nameAlert(Number(number));
    return { outcome: "answered", detail: `alert ${alert}`, tls: { ...NO_FACTS, alert } };
  }
  if (text === "unexpected eof while reading")
    return { outcome: "error", detail: "it closed the connection without an answer" };
  return NO_TLS.test(text) ? { outcome: "answered", detail: "not TLS" } : undefined;
}

/** The attempts with what TLS came to in each, the certificate of the first one, and what HTTP took inside. */
export function addSecured(attempts: readonly ProbeAttempt[], stdout: string): ProbeAttempt[] {
  const secured = new Map<number, Pick<TlsFacts, "version" | "cipher" | "verification">>();
  const timed = new Map<number, number>();
  const chunks: string[] = [];
  for (const line of linesOf(stdout)) {
    const [, seq, version = "", cipher = "", code = "", words = ""] = SECURED.exec(line) ?? [];
    const verification = { isTrusted: code === "0", said: cleanText(words) };
    if (seq !== undefined)
      secured.set(Number(seq), { version: version.replace("v", " "), cipher, verification });
    const [, chunk] = CERTIFICATE.exec(line) ?? [];
    if (chunk !== undefined && chunks.length < MOST_CERTIFICATE_LINES) chunks.push(chunk);
    const [, of, us] = TIMED.exec(line) ?? [];
    if (of !== undefined) timed.set(Number(of), Number(us) / 1000);
  }
  const certificate = readCertificate(Buffer.from(chunks.join(""), "base64"));
  return attempts.map((attempt) => {
    const known = secured.get(attempt.seq);
    const httpMs = timed.get(attempt.seq);
    return {
      ...attempt,
      ...(known !== undefined && { tls: { ...NO_FACTS, ...certificate, ...attempt.tls, ...known } }),
      ...(httpMs !== undefined && { httpMs }),
    };
  });
}
