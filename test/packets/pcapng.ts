/** Builds pcapng files block by block (draft-ietf-opsawg-pcapng). */

export type Order = "LE" | "BE";

function words(order: Order, values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) =>
    order === "LE"
      ? bytes.writeUInt32LE(value >>> 0, index * 4)
      : bytes.writeUInt32BE(value >>> 0, index * 4),
  );
  return bytes;
}

const pad = (bytes: Uint8Array): Buffer => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);

export function block(order: Order, type: number, body: Uint8Array): Buffer {
  const padded = pad(body);
  const length = padded.length + 12;
  return Buffer.concat([words(order, [type, length]), padded, words(order, [length])]);
}

export function sectionHeader(order: Order): Buffer {
  const version = order === "LE" ? 1 : 0x00010000;
  return block(order, 0x0a0d0d0a, words(order, [0x1a2b3c4d, version, 0xffffffff, 0xffffffff]));
}

export interface InterfaceOptions {
  readonly linktype: number;
  readonly snaplenBytes?: number;
  readonly name?: string | null;
  readonly resolution?: number;
  readonly offsetSeconds?: number;
}

export function interfaceBlock(order: Order, options: InterfaceOptions): Buffer {
  const short = (value: number): Buffer => {
    const bytes = Buffer.alloc(2);
    if (order === "LE") bytes.writeUInt16LE(value);
    else bytes.writeUInt16BE(value);
    return bytes;
  };
  const option = (code: number, value: Uint8Array): Buffer =>
    Buffer.concat([short(code), short(value.length), pad(value)]);
  const offset = Buffer.alloc(8);
  if (order === "LE") offset.writeBigInt64LE(BigInt(options.offsetSeconds ?? 0));
  else offset.writeBigInt64BE(BigInt(options.offsetSeconds ?? 0));
  return block(
    order,
    1,
    Buffer.concat([
      ...[short(options.linktype), short(0), words(order, [options.snaplenBytes ?? 0])],
      option(1, Buffer.from("a comment")),
      options.name == null ? Buffer.alloc(0) : option(2, Buffer.from(options.name)),
      options.resolution === undefined ? Buffer.alloc(0) : option(9, Uint8Array.of(options.resolution)),
      options.offsetSeconds === undefined ? Buffer.alloc(0) : option(14, offset),
      option(0, Buffer.alloc(0)),
    ]),
  );
}

export interface PacketOptions {
  readonly interface: number;
  /** Of the interface's resolution, since 1970. */
  readonly units: bigint;
  readonly bytes: Uint8Array;
  readonly wireBytes?: number;
}

export function packetBlock(order: Order, packet: PacketOptions): Buffer {
  const { units, bytes, wireBytes = bytes.length } = packet;
  const [high, low] = [Number(units >> 32n), Number(units & 0xffffffffn)];
  return block(
    order,
    6,
    Buffer.concat([words(order, [packet.interface, high, low, bytes.length, wireBytes]), bytes]),
  );
}
