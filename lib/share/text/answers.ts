import type { Mapping } from "../mapping/mapping.js";
import { rewriteDns } from "../packets/dns.js";
import { mapCertificate, mapFlight } from "./certificate.js";
import { rewriteHello } from "./hello.js";

/** "HTTP/": of such an answer the first bytes are told alone, which are its status. */
const HTTP = Buffer.from("HTTP/").toString("hex");
const STATUS_DIGITS = 28;
/** A record of an alert or of a handshake. */
const TLS = /^1[56]03/;

/**
 * What a probe was answered, as hexadecimal digits of a recorded line (`reply 7d5b8183…`): a DNS message with its names and
 * addresses changed, of which what is cut off or not understood is emptied; of TLS its version,
 * alerts and a certificate for pseudonyms. Of anything else nothing stays but a status of HTTP.
 */
export function mapAnswer(hex: string, mapping: Mapping): string {
  if (hex.startsWith(HTTP)) return hex.slice(0, STATUS_DIGITS).padEnd(hex.length, "0");
  const bytes = Uint8Array.from(Buffer.from(hex, "hex"));
  if (TLS.test(hex)) return mapFlight(Buffer.from(bytes), mapping).toString("hex").padEnd(STATUS_DIGITS, "0");
  const { addresses } = mapping;
  const end = rewriteDns({ bytes, addresses, mapping }, 0, bytes.length);
  bytes.fill(0, end);
  return Buffer.from(bytes).toString("hex").padEnd(hex.length, "0");
}

/** A server's certificate as lines of base64 (`cert 1 MII…`), which becomes one for pseudonyms; what is none is emptied. */
export function mapCertificateLines(text: string, mapping: Mapping): string {
  const [joint = "\n"] = /\\+n|\n/.exec(text) ?? [];
  const base64 = text.split(joint).map((line) => line.slice("cert 1 ".length));
  const der = mapCertificate(Buffer.from(base64.join(""), "base64"), mapping);
  const lines = der?.toString("base64").match(/.{1,64}/g) ?? ["AAAA"];
  return lines.map((line) => `cert 1 ${line}`).join(joint);
}

/** What hopbook's own datagrams begin with: they carry a mark and a number, and nothing of the run. */
const OWN = Buffer.from("hopbook ").toString("hex");

/**
 * What a probe sends, as a command has it: bytes as `\\xHH`, the backslash once or more in texts within texts. Of a question to DNS
 * the name is changed, over TCP behind its length; of a hello of TLS the server's name.
 */
export function mapPayload(text: string, mapping: Mapping): string | undefined {
  const [escape = ""] = /^\\+x/.exec(text) ?? [];
  const hex = text.replaceAll(escape, "");
  if (hex.startsWith(OWN)) return text;
  const bytes = Uint8Array.from(Buffer.from(hex, "hex"));
  const isTls = bytes[0] === 0x16 && bytes[1] === 3;
  bytes.fill(0, isTls ? rewriteHello(bytes, mapping) : rewriteQuestion(bytes, mapping));
  return [...bytes].map((byte) => `${escape}${byte.toString(16).padStart(2, "0")}`).join("");
}

function rewriteQuestion(bytes: Uint8Array, mapping: Mapping): number {
  const isBehindLength = ((bytes[0]! << 8) | bytes[1]!) === bytes.length - 2;
  const { addresses } = mapping;
  return rewriteDns({ bytes, addresses, mapping }, isBehindLength ? 2 : 0, bytes.length);
}
