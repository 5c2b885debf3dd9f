import { isRecord, textOf, type JsonRecord } from "../../linux/json.js";
import type { Test } from "../chain.js";
import type { At } from "../node.js";
import { isDoubt, negate, type Doubt, type Truth } from "../truth.js";
import { readField, type Field } from "./fields.js";
import { fitsName, heldBy, makeLookup, type NamedSet } from "./sets.js";
import { readSpan, readValue, type Value } from "./values.js";

/** Finds a named set or map of the rule's table. */
export type FindSet = (name: string) => NamedSet | undefined;

export function inDoubt(what: string): Doubt {
  return { holds: `"${what}" takes it`, fails: `"${what}" does not take it` };
}

/** The parts of a key: a field, or several side by side; null where one of them is not evaluated. */
export function readKey(expression: unknown): readonly Field[] | null {
  const parts: readonly unknown[] =
    isRecord(expression) && Array.isArray(expression["concat"]) ? expression["concat"] : [expression];
  const fields = parts.map(readField).filter((field): field is Field => field !== null);
  return fields.length === parts.length && fields.length > 0 ? fields : null;
}

/** null: the packet has none of it. */
export function valueAt(fields: readonly Field[], at: At): Value | null | Doubt {
  const values: Value[] = [];
  for (const field of fields) {
    const value = field.read(at);
    if (value === null || isDoubt(value)) return value;
    values.push(value);
  }
  return values.length === 1 ? values[0]! : values;
}

/** `match`: an expression, an operator, a value, set or flags; `text` says it for people. */
export function makeMatch(match: JsonRecord, text: string, findSet: FindSet): Test {
  const fields = readKey(match["left"]);
  const op = textOf(match["op"]) ?? "==";
  const compare = fields === null ? null : makeCompare(fields, { op, right: match["right"] }, findSet);
  if (fields === null || compare === null) return () => inDoubt(text);
  return (at) => {
    const value = valueAt(fields, at);
    if (value === null) return false;
    return isDoubt(value) ? inDoubt(text) : compare(value);
  };
}

type Compare = (value: Value) => Truth;

function makeCompare(
  fields: readonly Field[],
  { op, right }: { readonly op: string; readonly right: unknown },
  findSet: FindSet,
): Compare | null {
  const isNegated = op === "!=";
  const held = setOf(right, findSet);
  const kinds = fields.map(({ kind }) => kind);
  if (held === null) return null;
  if (held !== undefined) {
    const lookup = makeLookup(held.elements, kinds, false);
    if (op !== "==" && op !== "in" && !isNegated) return null;
    return (value) =>
      isNegated ? negate(heldBy(lookup, value, held.name)) : heldBy(lookup, value, held.name);
  }
  const [kind, ...more] = kinds;
  if (kind === undefined) return null;
  if (more.length > 0) {
    const lookup = makeLookup([right], kinds, false);
    return (value) =>
      isNegated ? negate(heldBy(lookup, value, "the rule")) : heldBy(lookup, value, "the rule");
  }
  if (kind === "name") {
    const name = readValue(right, kind);
    if (typeof name !== "string" || (op !== "==" && !isNegated)) return null;
    return (value) => (typeof value === "string" && fitsName(name, value)) !== isNegated;
  }
  const span = readSpan(right, kind);
  return span === null ? null : compareNumbers(op, { span, areBits: BITS.has(kind) });
}

const BITS: ReadonlySet<string> = new Set(["state", "status", "flags"]);

/** Of flags `in` asks for any of them, and so does connection tracking's `==` of several. */
function compareNumbers(
  op: string,
  { span: [first, last], areBits }: { readonly span: readonly [bigint, bigint]; readonly areBits: boolean },
): Compare | null {
  const of =
    (test: (value: bigint) => boolean): Compare =>
    (value) =>
      typeof value === "bigint" && test(value);
  if (op === "in")
    return areBits ? of((value) => (value & first) !== 0n) : of((value) => value >= first && value <= last);
  if (op === "==") return of((value) => value >= first && value <= last);
  // nft lists two comparisons of one field, such as `< 64` and `> 1`, as what is not within 64 to 1: both hold.
  if (op === "!=" && first > last) return of((value) => value < first && value > last);
  if (op === "!=") return of((value) => value < first || value > last);
  if (op === "<") return of((value) => value < first);
  if (op === "<=") return of((value) => value <= last);
  if (op === ">") return of((value) => value > last);
  return op === ">=" ? of((value) => value >= first) : null;
}

/** An anonymous or a named set; undefined where it is none, null where it was not read. */
export function setOf(
  value: unknown,
  findSet: FindSet,
): (NamedSet & { readonly name: string }) | undefined | null {
  if (isRecord(value) && Array.isArray(value["set"]))
    return { name: "the rule's set", elements: value["set"], mostElements: null, comment: null };
  if (typeof value !== "string" || !value.startsWith("@")) return undefined;
  const set = findSet(value.slice(1));
  return set === undefined ? null : { ...set, name: `the set ${value.slice(1)}` };
}
