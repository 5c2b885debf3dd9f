type Column = Int32Array | Uint32Array | Uint16Array | Uint8Array | Float64Array;

/** Fills a larger column with what a smaller one holds. */
export function copyInto<T extends Column>(to: T, from: T): T {
  to.set(from);
  return to;
}
