import type { JsonRecord } from "../../linux/json.js";

/** Names that an option list of iproute2 gives a value to, by what JSON calls them. */
type Pairs = Readonly<Record<string, string>>;

/** The values of `pairs` that follow their names among words: `via 10.0.0.1 dev eth0`. The first of each counts. */
export function readPairs(words: readonly string[], pairs: Pairs): JsonRecord {
  const found: Record<string, unknown> = {};
  for (const [at, word] of words.entries()) {
    const name = Object.hasOwn(pairs, word) ? pairs[word] : undefined;
    const value = words[at + 1];
    if (name !== undefined && value !== undefined && !Object.hasOwn(found, name)) found[name] = value;
  }
  return found;
}

/** A record with what is given put into it; undefined is left out. */
export function without(record: Readonly<Record<string, unknown>>): JsonRecord {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}
