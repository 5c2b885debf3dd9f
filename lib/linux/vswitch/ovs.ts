import { asList, fieldOf, parseJson } from "../json.js";

/** A value of OVSDB (RFC 7047, 5.1): an atom, a set of atoms, or a map; a UUID is its text. */
export type OvsValue = OvsAtom | readonly OvsAtom[] | ReadonlyMap<string, OvsAtom>;
type OvsAtom = string | number | boolean;

/** A row by the names of its columns. */
export type OvsRow = ReadonlyMap<string, OvsValue>;

/** Deeper than any value of OVSDB. */
const MOST_ROWS = 100_000;

/** `ovs-vsctl --format=json list TABLE`: `{"headings": […], "data": [[…]]}`. */
export function parseOvsTable(text: string): OvsRow[] {
  const table = parseJson(text);
  const headings = asList(fieldOf(table, "headings"));
  return asList(fieldOf(table, "data"))
    .slice(0, MOST_ROWS)
    .map((cells) => {
      const row = asList(cells).map(readValue);
      return new Map(
        headings.flatMap((heading, index) => {
          const value = row[index];
          return typeof heading === "string" && value !== undefined ? [[heading, value] as const] : [];
        }),
      );
    });
}

function readValue(value: unknown): OvsValue | undefined {
  const atom = readAtom(value);
  if (atom !== undefined) return atom;
  const [kind, items] = asList(value);
  if (kind === "set") return asList(items).flatMap((item) => readAtom(item) ?? []);
  if (kind !== "map") return undefined;
  return new Map(
    asList(items).flatMap((pair) => {
      const [key, of] = asList(pair).map(readAtom);
      return key === undefined || of === undefined ? [] : [[String(key), of] as const];
    }),
  );
}

function readAtom(value: unknown): OvsAtom | undefined {
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  const [kind, of] = asList(value);
  return (kind === "uuid" || kind === "named-uuid") && typeof of === "string" ? of : undefined;
}
