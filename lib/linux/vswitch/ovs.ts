import { asList, fieldOf, parseJson } from "../json.js";

/** A value of OVSDB (RFC 7047, 5.1): an atom, a set of atoms, or a map; a UUID is its text. */
export type OvsValue = OvsAtom | readonly OvsAtom[] | ReadonlyMap<string, OvsAtom>;
type OvsAtom = string | number | boolean;

/** A row by the names of its columns. */
export type OvsRow = ReadonlyMap<string, OvsValue>;

/** A device of Open vSwitch, as far as a packet's way needs it. */
interface OvsInterface {
  readonly name: string;
  /** "" or system for a device of the kernel, internal, patch, vxlan, geneve, gre… */
  readonly type: string;
  /** OpenFlow's number of the port; null: it has none. */
  readonly port: number | null;
  readonly linkState: string | null;
  /** Why it is not there, such as a device that is gone. */
  readonly error: string | null;
  /** remote_ip, key, dst_port, local_ip, peer… */
  readonly options: ReadonlyMap<string, string>;
  /** iface-id, attached-mac, what a CNI writes down… */
  readonly externalIds: ReadonlyMap<string, string>;
}

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

/** `ovs-vsctl --format=json list Interface`; a row without a name is left out. */
export function parseOvsInterfaces(text: string): OvsInterface[] {
  return parseOvsTable(text).flatMap((row) => {
    const name = textOf(row, "name");
    const port = row.get("ofport");
    if (name === null) return [];
    return [
      {
        name,
        type: textOf(row, "type") ?? "",
        port: typeof port === "number" && port >= 0 ? port : null,
        linkState: textOf(row, "link_state"),
        error: textOf(row, "error"),
        options: textsOf(row, "options"),
        externalIds: textsOf(row, "external_ids"),
      },
    ];
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

/** A column that may be empty is a set of none or one. */
function textOf(row: OvsRow, column: string): string | null {
  const value = row.get(column);
  return typeof value === "string" ? value : null;
}

function textsOf(row: OvsRow, column: string): ReadonlyMap<string, string> {
  const value = row.get(column);
  const entries = value instanceof Map ? [...value] : [];
  return new Map(entries.map(([key, of]) => [String(key), String(of)]));
}
