/** A list with one more, as long as what is in it: one that is pushed to has room for seventeen, and there are thousands. */
export function append<T>(list: readonly T[], one: T): readonly T[] {
  return list.length === 0 ? [one] : list.concat([one]);
}
