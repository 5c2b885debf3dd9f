import { visible } from "../../model/visible.js";

/** What stands behind it in a head is no more than this worth. */
const MOST_HEAD_BYTES = 2048;
const MOST_TEXT_CHARS = 80;
const [UPPER_A, UPPER_Z, UPPER_H] = [0x41, 0x5a, 0x48];

interface HttpRequest {
  readonly method: string;
  readonly target: string;
  /** "1.1"; null where the line is longer than what was captured. */
  readonly version: string | null;
  /** null where no Host was captured. */
  readonly host: string | null;
}

interface HttpStatus {
  readonly version: string;
  readonly code: number;
  readonly reason: string;
}

const REQUEST_LINE = /^([A-Z]{3,16}) ([^\s]+) HTTP\/(1\.[01])\r?\n/;
/** A target so long that the line does not end: known methods only. */
const LONG_LINE = /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|CONNECT|TRACE) ([^\s]{64,})$/;
const HOST = /\nhost:[ \t]*([^\r\n]+)/i;
const STATUS_LINE = /^HTTP\/(1\.[01]) ([1-9][0-9]{2})(?: ([^\r\n]*))?(?:\r?\n|$)/;

/** The request line (RFC 9112, 3) that a payload begins with, and its Host; null where it begins with none. */
export function readHttpRequest(bytes: Uint8Array, at: number, end: number): HttpRequest | null {
  if (end - at < 5 || bytes[at]! < UPPER_A || bytes[at]! > UPPER_Z) return null;
  const head = textOf(bytes, at, end);
  const match = REQUEST_LINE.exec(head) ?? LONG_LINE.exec(head);
  if (match === null) return null;
  const [, method = "", target = "", version = null] = match;
  const host = HOST.exec(head.split(/\r?\n\r?\n/, 1)[0]!)?.[1]?.trim();
  return { method, target: shorten(target), version, host: host === undefined ? null : shorten(host) };
}

/** The status line (RFC 9112, 4) that a payload begins with; null where it begins with none. */
export function readHttpStatus(bytes: Uint8Array, at: number, end: number): HttpStatus | null {
  if (end - at < 12 || bytes[at] !== UPPER_H) return null;
  const match = STATUS_LINE.exec(textOf(bytes, at, end));
  if (match === null) return null;
  const [, version = "", code, reason = ""] = match;
  return { version, code: Number(code), reason: shorten(reason.trim()) };
}

function textOf(bytes: Uint8Array, at: number, end: number): string {
  const length = Math.min(end - at, MOST_HEAD_BYTES);
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, length).toString("latin1");
}

function shorten(text: string): string {
  return visible(text, { maxChars: MOST_TEXT_CHARS });
}
