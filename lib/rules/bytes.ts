/** Below 0, 0, above 0, as the first address comes before the second one; both of one length. */
export function compareBytes(one: readonly number[], other: readonly number[]): number {
  const at = one.findIndex((byte, index) => byte !== other[index]);
  return at === -1 ? 0 : one[at]! - other[at]!;
}
