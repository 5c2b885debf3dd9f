export interface Order {
  readonly placed: readonly number[];
  /** What nothing is known of. */
  readonly unplaced: readonly number[];
}

/**
 * An order in which everything stands after what comes before it: `before[a][b]` says that a comes before b. Of what may
 * come next the first one is taken. null where they go round in a circle.
 */
export function topologicalOrder(before: readonly (readonly boolean[])[]): Order | null {
  const all = before.map((_, index) => index);
  const known = all.filter((one) =>
    all.some((other) => before[one]?.[other] === true || before[other]?.[one] === true),
  );
  const placed: number[] = [];
  const waiting = new Set(known);
  while (waiting.size > 0) {
    const next = [...waiting].find((one) => [...waiting].every((other) => before[other]?.[one] !== true));
    if (next === undefined) return null;
    waiting.delete(next);
    placed.push(next);
  }
  return { placed, unplaced: all.filter((one) => !known.includes(one)) };
}
