import type { Mapping } from "../mapping/mapping.js";
import { rewriteDns } from "../packets/dns.js";

/** "HTTP/": of such an answer the first bytes are told alone, which are its status. */
const HTTP = Buffer.from("HTTP/").toString("hex");
const STATUS_DIGITS = 28;

/**
 * What a probe was answered, as hexadecimal digits of a recorded line (`reply 7d5b8183…`): a DNS message with its names and
 * addresses changed, of which what is cut off or not understood is emptied. Of anything else nothing stays but a status of HTTP.
 */
export function mapAnswer(hex: string, mapping: Mapping): string {
  if (hex.startsWith(HTTP)) return hex.slice(0, STATUS_DIGITS).padEnd(hex.length, "0");
  const bytes = Uint8Array.from(Buffer.from(hex, "hex"));
  const { addresses } = mapping;
  const end = rewriteDns({ bytes, addresses, mapping }, 0, bytes.length);
  bytes.fill(0, end);
  return Buffer.from(bytes).toString("hex").padEnd(hex.length, "0");
}
