/** What a server of TLS sends, made by hand (RFC 8446, 4 and 5.1). */

/** Behind its length, which takes so many bytes. */
export function sized(lengthBytes: number, data: Buffer): Buffer {
  const length = Buffer.alloc(lengthBytes);
  length.writeUIntBE(data.length, 0, lengthBytes);
  return Buffer.concat([length, data]);
}

export function record(type: number, data: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type, 3, 3]), sized(2, data)]);
}

/** Of a handshake. */
export function message(type: number, data: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type]), sized(3, data)]);
}
