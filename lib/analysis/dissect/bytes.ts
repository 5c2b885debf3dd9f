/**
 * Big-endian reads. The caller has checked that the bytes are there: a codec compares its header's length
 * with what is left before it reads anything.
 */
export function uint16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

/** The signed view of 32 bits: a small integer to the engine, where the unsigned one might not be. */
export function int32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
