import { createCipheriv } from "node:crypto";
import type { PacketContext } from "./context.js";

/** So much of a datagram tells it from others, at every place where it was captured. */
const TELLING_BYTES = 32;
const SEARCHED_BYTES = 256;

/** What a packet carries, where nothing of it tells one packet from another: cut, or zeros where it was captured whole. */
export function emptyPayload(context: PacketContext, at: number, end: number): number {
  const { bytes, keepsPayload, isWhole } = context;
  if (keepsPayload || at >= end) return end;
  // Of what was cut before no checksum can be told; of a whole packet it stays right, or wrong, as it was.
  if (!isWhole) return at;
  bytes.fill(0, at, end);
  context.overwrittenBytes += end - at;
  return end;
}

/**
 * What a datagram or an echo carries: its first bytes enciphered, each by the ones before it, so that they are the same at every
 * place, however much of them was captured there. Marks of hopbook's own probes stay.
 */
export function sealPayload(context: PacketContext, at: number, end: number): number {
  const { bytes, keepsPayload, tags, payloadKey } = context;
  if (keepsPayload || at >= end) return end;
  const searched = Buffer.from(bytes.buffer, bytes.byteOffset + at, Math.min(end - at, SEARCHED_BYTES));
  if (tags.some((tag) => searched.includes(Buffer.from(tag)))) return end;
  const telling = Math.min(end, at + TELLING_BYTES);
  const cipher = createCipheriv("aes-128-cfb8", payloadKey, Buffer.alloc(16));
  context.overwrittenBytes += telling - at;
  bytes.set(cipher.update(bytes.subarray(at, telling)), at);
  return telling === end ? end : emptyPayload(context, telling, end);
}
