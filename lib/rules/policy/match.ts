/** Whether something holds; `open` where that hangs on what could not be read, which is named. */
export type Match =
  | { readonly kind: "yes" }
  | { readonly kind: "no" }
  | { readonly kind: "open"; readonly doubts: readonly string[] };

export const YES: Match = { kind: "yes" };
export const NO: Match = { kind: "no" };

export function open(doubt: string): Match {
  return { kind: "open", doubts: [doubt] };
}

export function matches(holds: boolean): Match {
  return holds ? YES : NO;
}

/** Of none: yes. */
export function all(parts: readonly Match[]): Match {
  if (parts.some(({ kind }) => kind === "no")) return NO;
  return undecided(parts) ?? YES;
}

/** Of none: no. */
export function any(parts: readonly Match[]): Match {
  if (parts.some(({ kind }) => kind === "yes")) return YES;
  return undecided(parts) ?? NO;
}

function undecided(parts: readonly Match[]): Match | null {
  const doubts = parts.flatMap((part) => (part.kind === "open" ? part.doubts : []));
  return doubts.length === 0 ? null : { kind: "open", doubts: [...new Set(doubts)] };
}
