import { asList, isRecord, numberOf, textOf, type JsonRecord } from "../../linux/json.js";
import type { Truth } from "../truth.js";
import { readSpan, readValue, type FieldKind, type Value } from "./values.js";

/** What a named set or map holds, as nft printed it. */
export interface NamedSet {
  readonly elements: readonly unknown[];
  /** null: it was not said. */
  readonly mostElements: number | null;
  readonly comment: string | null;
}

/** An element of a set with what a map gives for it. */
export interface Entry {
  /** As nft printed it, without what stands beside it. */
  readonly key: unknown;
  readonly value: unknown;
  readonly comment: string | null;
}

/** The elements of an ordered lookup: exact ones at once, spans one after the other. */
export interface Lookup {
  /** undefined: nothing is there for it; null: some elements are not understood. */
  find(value: Value): Entry | undefined | null;
  /** Elements for values of which some (undefined) are not known; where all are, one at most. isAll: every element was understood. */
  fitting(values: readonly (Value | undefined)[]): {
    readonly entries: readonly Entry[];
    readonly isAll: boolean;
  };
  /** Elements that are looked at one after the other. */
  readonly spans: number;
}

type Parts = readonly (readonly [bigint, bigint] | string)[];

/** Concatenations are the values of their fields side by side. */
export function makeLookup(
  elements: readonly unknown[],
  kinds: readonly FieldKind[],
  isMap: boolean,
): Lookup {
  const exact = new Map<string, Entry>();
  const spans: { readonly parts: Parts; readonly entry: Entry }[] = [];
  const all: { readonly parts: Parts; readonly entry: Entry }[] = [];
  let isPartial = false;
  for (const element of elements) {
    const [key, value] = isMap && Array.isArray(element) ? (element as readonly unknown[]) : [element, null];
    const bare = bareOf(key);
    const entry: Entry = { key: bare, value, comment: commentOf(key) };
    const parts = partsOf(bare, kinds);
    if (parts === null) {
      isPartial = true;
      continue;
    }
    all.push({ parts, entry });
    const isExact = parts.every((part) =>
      typeof part === "string" ? !part.endsWith("*") : part[0] === part[1],
    );
    if (isExact)
      exact.set(parts.map((part) => (typeof part === "string" ? part : String(part[0]))).join(" . "), entry);
    else spans.push({ parts, entry });
  }
  const findAll = (values: readonly Value[]): Entry | undefined =>
    exact.get(values.map(String).join(" . ")) ??
    spans.find(({ parts }) => parts.every((part, at) => isInPart(part, values[at])))?.entry;
  return {
    find: (value) =>
      findAll(Array.isArray(value) ? (value as readonly Value[]) : [value]) ?? (isPartial ? null : undefined),
    fitting: (values) => {
      const known = values.filter((value) => value !== undefined);
      const one = known.length === values.length ? findAll(known) : undefined;
      // Elements do not overlap: what was found is all there is, whatever else was not understood.
      if (one !== undefined) return { entries: [one], isAll: true };
      const entries =
        known.length === values.length
          ? []
          : all.filter(({ parts }) =>
              parts.every((part, at) => values[at] === undefined || isInPart(part, values[at])),
            );
      return { entries: entries.map(({ entry }) => entry), isAll: !isPartial };
    },
    spans: spans.length,
  };
}

function commentOf(key: unknown): string | null {
  return isRecord(key) && isRecord(key["elem"]) ? textOf(key["elem"]["comment"]) : null;
}

function isInPart(part: readonly [bigint, bigint] | string, value: Value | undefined): boolean {
  if (typeof part === "string") return typeof value === "string" && fitsName(part, value);
  return typeof value === "bigint" && value >= part[0] && value <= part[1];
}

/** `eth*` is all that begins so. */
export function fitsName(pattern: string, name: string): boolean {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

/** Elements with a timeout, a comment or a counter stand in an object of their own. */
function bareOf(key: unknown): unknown {
  return isRecord(key) && isRecord(key["elem"]) ? key["elem"]["val"] : key;
}

function partsOf(key: unknown, kinds: readonly FieldKind[]): Parts | null {
  const parts = isRecord(key) && Array.isArray(key["concat"]) ? asList(key["concat"]) : [key];
  if (parts.length !== kinds.length) return null;
  const read: (readonly [bigint, bigint] | string)[] = [];
  for (const [index, part] of parts.entries()) {
    const kind = kinds[index]!;
    const one = kind === "name" ? readValue(part, kind) : readSpan(part, kind);
    if (one === null || typeof one === "bigint") return null;
    read.push(one as readonly [bigint, bigint] | string);
  }
  return read;
}

/** Sets and maps of a ruleset by `family table name`. */
export function readSets(items: readonly JsonRecord[]): ReadonlyMap<string, NamedSet> {
  const sets = new Map<string, NamedSet>();
  for (const item of items) {
    const set = isRecord(item["set"]) ? item["set"] : isRecord(item["map"]) ? item["map"] : null;
    if (set === null) continue;
    const name = `${textOf(set["family"]) ?? ""} ${textOf(set["table"]) ?? ""} ${textOf(set["name"]) ?? ""}`;
    sets.set(name, {
      elements: asList(set["elem"]),
      mostElements: numberOf(set["size"]),
      comment: textOf(set["comment"]),
    });
  }
  return sets;
}

export function heldBy(lookup: Lookup, value: Value, name: string): Truth {
  const found = lookup.find(value);
  if (found !== null) return found !== undefined;
  return { holds: `${name} holds it`, fails: `${name} does not hold it` };
}
