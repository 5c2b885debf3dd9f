/** Gives a reader the payload with other bytes before and behind it, which must not be read. */
export function padded<T>(payload: Uint8Array, read: (bytes: Uint8Array, at: number, end: number) => T): T {
  const bytes = Buffer.concat([Buffer.alloc(5, 0xc0), payload, Buffer.alloc(40, 0xc0)]);
  return read(bytes, 5, 5 + payload.length);
}
