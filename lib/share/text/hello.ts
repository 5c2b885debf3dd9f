import type { Mapping } from "../mapping/mapping.js";

/** Headers of the record and of the message, its version and its random (RFC 5246, 7.4.1.2). */
const BEFORE_SESSION_BYTES = 5 + 4 + 2 + 32;
const SERVER_NAME = 0;
/** Length of the list, kind of name, length of the name (RFC 6066, 3). */
const BEFORE_NAME_BYTES = 5;

/**
 * A ClientHello in its record, whose server name is changed in place, label by label and as long as it was: of what hopbook sends the
 * rest tells nothing. Where what stays ends: after the headers where it is none of that form.
 */
export function rewriteHello(bytes: Uint8Array, mapping: Mapping): number {
  const unknown = Math.min(bytes.length, 9);
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const ends = (at: number): boolean => at + 2 > bytes.length;
  let at = BEFORE_SESSION_BYTES;
  if (ends(at)) return unknown;
  at += 1 + view.readUInt8(at);
  if (ends(at)) return unknown;
  at += 2 + view.readUInt16BE(at);
  if (ends(at)) return unknown;
  at += 1 + view.readUInt8(at);
  if (ends(at)) return unknown;
  at += 2;
  while (at + 4 <= bytes.length) {
    const [kind, length] = [view.readUInt16BE(at), view.readUInt16BE(at + 2)];
    const name = view.subarray(at + 4 + BEFORE_NAME_BYTES, at + 4 + length);
    if (kind === SERVER_NAME) name.write(mapping.domain(name.toString("latin1")), "latin1");
    at += 4 + length;
  }
  return at === bytes.length ? at : unknown;
}
