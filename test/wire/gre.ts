/** Builds GRE headers (RFC 2784, RFC 2890). */
export interface GreOptions {
  readonly type: number;
  readonly checksum?: boolean;
  readonly routing?: boolean;
  readonly key?: number | undefined;
  readonly sequence?: number;
  readonly version?: number;
}

const word = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

export function greHeader({ type, checksum, routing, key, sequence, version = 0 }: GreOptions): Buffer {
  const flags =
    (checksum === true ? 0x80 : 0) |
    (routing === true ? 0x40 : 0) |
    (key === undefined ? 0 : 0x20) |
    (sequence === undefined ? 0 : 0x10);
  return Buffer.concat([
    Buffer.from([flags, version, type >> 8, type & 0xff]),
    checksum === true ? Buffer.alloc(4, 0xcc) : Buffer.alloc(0),
    key === undefined ? Buffer.alloc(0) : word(key),
    sequence === undefined ? Buffer.alloc(0) : word(sequence),
  ]);
}
