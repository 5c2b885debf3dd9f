import type { JsonRecord } from "../../linux/json.js";
import { spellElement } from "../../linux/nft/nft-words.js";
import type { Action, MapElement, Step } from "../chain.js";
import type { At } from "../node.js";
import { isDoubt } from "../truth.js";
import { readChance, type Chance } from "./chance.js";
import type { Field } from "./fields.js";
import { readKey, setOf, type FindSet } from "./match.js";
import { makeLookup, type Entry, type Lookup, type NamedSet } from "./sets.js";
import type { Value } from "./values.js";
import { verdictOf } from "./verdict.js";

/** A packet of which it is not known what a map is asked for has so many ways at most. */
const MOST_WAYS = 64;
/** Looks at elements for the numbers that chance may say: as many as the largest Service has endpoints, and more. */
const MOST_CHANCES = 200_000;
const UNREAD: Action = { kind: "lost-sight", how: "its verdict map could not be evaluated" };
const NOTHING: Action = { kind: "go-on" };

/** `KEY vmap MAP`. What no element is for goes on behind the statement, as what fails a match does. */
export function makeVerdictMap({ key, data }: JsonRecord, findSet: FindSet): Step {
  const held = setOf(data, findSet);
  const map = { map: typeof data === "string" ? data.slice(1) : null, mapComment: held?.comment ?? null };
  return makeMapped({ key, held, actionOf: (entry) => named(entry, map), unread: UNREAD });
}

interface Mapped {
  readonly key: unknown;
  /** null or undefined: it was not read. */
  readonly held: NamedSet | null | undefined;
  readonly actionOf: (entry: Pick<Entry, "key" | "value" | "comment">) => Action;
  /** What is done where the map is not understood. */
  readonly unread: Action;
}

/** What is done by the element of a map that fits the packet; where the key is chance or not known, by any of them. */
export function makeMapped({ key, held, actionOf, unread }: Mapped): Step {
  if (held == null) return { kind: "act", act: () => unread };
  const chance = readChance(key);
  const fields = chance === null ? readKey(key) : null;
  const kinds = chance === null ? fields?.map(({ kind }) => kind) : (["number"] as const);
  if (kinds === undefined) {
    const all = held.elements.map((element) => (Array.isArray(element) ? (element as unknown[])[1] : null));
    const unsure = anyOf(
      all.map((value) => actionOf({ key: null, value, comment: null })),
      unread,
    );
    return { kind: "act", act: () => unsure };
  }
  const ways: Ways = { lookup: makeLookup(held.elements, kinds, true), actionOf, unread };
  if (chance !== null) {
    const chosen = byChance(chance, ways);
    return { kind: "act", act: () => chosen };
  }
  return { kind: "act", act: (at) => choose(readKnown(fields ?? [], at), ways) };
}

interface Ways extends Pick<Mapped, "actionOf" | "unread"> {
  readonly lookup: Lookup;
}

/** null: the packet has none of what the map looks at; an undefined part of it is not known. */
function readKnown(fields: readonly Field[], at: At): readonly (Value | undefined)[] | null {
  const values: (Value | undefined)[] = [];
  for (const field of fields) {
    const value = field.read(at);
    if (value === null) return null;
    values.push(isDoubt(value) ? undefined : value);
  }
  return values;
}

function choose(values: readonly (Value | undefined)[] | null, { lookup, actionOf, unread }: Ways): Action {
  if (values === null) return NOTHING;
  const { entries, isAll } = lookup.fitting(values);
  const [only] = entries;
  if (isAll && values.every((value) => value !== undefined))
    return only === undefined ? NOTHING : actionOf(only);
  return entries.length === 0 && isAll ? NOTHING : anyOf([...entries.map(actionOf), NOTHING], unread);
}

/** Every number that may be drawn has its way; one that no element is for goes on. */
function byChance({ values, offset }: Chance, { lookup, actionOf, unread }: Ways): Action {
  if (values * (1 + lookup.spans) > MOST_CHANCES)
    return { kind: "lost-sight", how: `chance leads to one of ${String(values)} ways` };
  const ways = new Map<string, { readonly action: Action; readonly numbers: number[] }>();
  for (let number = 0; number < values; number += 1) {
    const { entries, isAll } = lookup.fitting([BigInt(offset + number)]);
    const [only] = entries;
    if (only === undefined && !isAll) return unread;
    const action = only === undefined ? NOTHING : actionOf(only);
    const key = keyOf(action);
    const way = ways.get(key) ?? { action, numbers: [] };
    way.numbers.push(number);
    ways.set(key, way);
  }
  const all = [...ways.values()];
  if (all.length === 1) return all[0]!.action;
  return {
    kind: "either",
    ways: all.map(({ action, numbers }) => {
      const what = `${spellNumbers(numbers)} of ${String(values)}`;
      return { action, doubt: { holds: `chance says ${what}`, fails: `chance does not say ${what}` } };
    }),
  };
}

function spellNumbers(numbers: readonly number[]): string {
  const [first, last] = [numbers[0]!, numbers.at(-1)!];
  if (last - first + 1 !== numbers.length) return `one of ${String(numbers.length)}`;
  return first === last ? String(first) : `${String(first)} to ${String(last)}`;
}

function anyOf(actions: readonly Action[], unread: Action): Action {
  const unique = [...new Map(actions.map((action) => [keyOf(action), action])).values()];
  if (unique.length > MOST_WAYS || actions.includes(unread)) return unread;
  return {
    kind: "either",
    ways: [...unique.filter(({ kind }) => kind !== "go-on"), NOTHING].map((action) => {
      const name = nameOf(action);
      return { action, doubt: { holds: `the map says ${name}`, fails: `the map does not say ${name}` } };
    }),
  };
}

function nameOf(action: Action): string {
  if (action.kind === "jump" || action.kind === "goto") return `${action.kind} ${action.chain}`;
  if (action.kind === "translate") {
    const { ip, port } = action.translation;
    return [ip, port].filter((part) => part !== null).join(":");
  }
  return action.kind === "go-on" ? "nothing" : action.kind;
}

const keyOf = (action: Action): string => JSON.stringify({ ...action, by: undefined });

function named(
  { key, value, comment }: Pick<Entry, "key" | "value" | "comment">,
  map: Pick<MapElement, "map" | "mapComment">,
): Action {
  const action = verdictOf(value);
  if (action === null) return UNREAD;
  if (action.kind === "lost-sight") return action;
  return { ...action, by: { ...map, text: spellElement(key, value), comment } };
}
