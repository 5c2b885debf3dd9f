/** Whether there can be a name that fits both patterns. */
export function overlapNames(one: string, other: string): boolean {
  // Cells of the usual table for two patterns: what is left of one against what is left of the other.
  const seen = new Map<number, boolean>();
  const walk = (a: number, b: number): boolean => {
    const key = a * (other.length + 1) + b;
    const known = seen.get(key);
    if (known !== undefined) return known;
    const answer = step(a, b);
    seen.set(key, answer);
    return answer;
  };
  const step = (a: number, b: number): boolean => {
    if (a === one.length && b === other.length) return true;
    if (one[a] === "*") return walk(a + 1, b) || (b < other.length && walk(a, b + 1));
    if (other[b] === "*") return walk(a, b + 1) || (a < one.length && walk(a + 1, b));
    return a < one.length && b < other.length && one[a] === other[b] && walk(a + 1, b + 1);
  };
  return walk(0, 0);
}

/** `runtime/*` fits `runtime/pods`: a star is one whole part, never a piece of one. */
export function fitsAction(pattern: string, action: string): boolean {
  const wanted = action.split("/");
  const parts = pattern.split("/");
  return (
    parts.length === wanted.length && parts.every((part, index) => part === "*" || part === wanted[index])
  );
}
