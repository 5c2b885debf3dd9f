/** What a test says of a packet: that it holds, that it does not, or what it depends on. */
export type Truth = boolean | Doubt;

/** What could not be evaluated, said both ways as a clause: "the set web holds 10.0.0.1". */
export interface Doubt {
  readonly holds: string;
  readonly fails: string;
}

export function isDoubt(value: unknown): value is Doubt {
  return typeof value === "object" && value !== null && "holds" in value && "fails" in value;
}

export function negate(truth: Truth): Truth {
  return isDoubt(truth) ? { holds: truth.fails, fails: truth.holds } : !truth;
}

/** One that fails settles it, whatever else is not known. */
export function both(one: Truth, other: Truth): Truth {
  if (one === false || other === false) return false;
  if (!isDoubt(one)) return other;
  if (!isDoubt(other)) return one;
  return { holds: `${one.holds} and ${other.holds}`, fails: `${one.fails} or ${other.fails}` };
}

/** One that holds settles it. */
export function either(one: Truth, other: Truth): Truth {
  return negate(both(negate(one), negate(other)));
}

/** Whether a value that may not be known passes; null: it is not known what `what` is. */
export function ofKnown<Value>(value: Value | null, what: string, test: (value: Value) => Truth): Truth {
  return value === null ? unknownIs(what) : test(value);
}

/** Nobody told this of the packet. */
export function unknownIs(what: string): Doubt {
  return { holds: `${what} is as the rule asks`, fails: `${what} is not as the rule asks` };
}
