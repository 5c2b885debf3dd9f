import { parseFdb } from "../linux/fdb.js";
import { parseJson, recordsOf, textOf, type JsonRecord } from "../linux/json.js";
import { linesOf } from "../linux/lines.js";
import { parseLinks } from "../linux/links.js";
import { parseNeighbours } from "../linux/neighbours.js";
import { parseRoutes } from "../linux/routes.js";
import { parseRules } from "../linux/rules.js";
import type { StateKind, StateRecord } from "../model/evidence.js";
import { Owners } from "./owners.js";
import { readPlainLinks } from "./plain/links.js";
import { readSockets } from "./plain/sockets.js";
import { readPlainFdb, readPlainNeighbours, readPlainRoutes, readPlainRules } from "./plain/tables.js";
import { readBoundedText, unfence } from "./read-text.js";
import { readStateName } from "./state-names.js";

/** Of a cluster of a hundred nodes, each with some twenty texts. */
const MOST_TEXTS = 4_000;
const MOST_BYTES = 512 * 1024 * 1024;

/** What the texts beside captures say of nodes, as a run's looks say it (lib/readings/reader.ts). */
export interface KnownState {
  readonly records: readonly StateRecord[];
  /** By a record's file: JSON where its parser takes that, whatever iproute2 was asked for. */
  readonly texts: ReadonlyMap<string, string>;
  /** Relative paths of those that bear a command's name and are not understood, or too many. */
  readonly unread: readonly string[];
}

type Plain = (text: string) => JsonRecord[];

const TABLES: Partial<
  Record<StateKind, { readonly plain: Plain; readonly parse: (text: string) => readonly unknown[] }>
> = {
  links: { plain: readPlainLinks, parse: parseLinks },
  addresses: { plain: readPlainLinks, parse: parseLinks },
  routes: { plain: readPlainRoutes, parse: parseRoutes },
  neighbours: { plain: readPlainNeighbours, parse: parseNeighbours },
  fdb: { plain: readPlainFdb, parse: parseFdb },
  rules: { plain: readPlainRules, parse: parseRules },
};

/** Which texts of other kinds are what their names say. */
const TEXTS: Partial<Record<StateKind, RegExp>> = {
  iptables: /^\*[a-z]+\s*$/m,
  ip6tables: /^\*[a-z]+\s*$/m,
  nftables: /^\s*\{\s*"nftables"/,
  sysctls: /^[ \t]*net[./][\w./-]+[ \t]*=/m,
  sockets: /^(?:tcp|udp)\s/m,
};

/** Reads what of `files` (relative to `dir`) is the output of a command that is known. Throws as reading does. */
export function readState(dir: string, files: readonly string[]): KnownState {
  const owners = new Owners(dir, files);
  const records: StateRecord[] = [];
  const texts = new Map<string, string>();
  const unread: { readonly path: string; readonly key: string }[] = [];
  let bytes = 0;
  for (const path of files) {
    const name = readStateName(path);
    if (name === null) continue;
    const raw = texts.size < MOST_TEXTS && bytes < MOST_BYTES ? readBoundedText(dir, path) : null;
    bytes += raw?.length ?? 0;
    const at = {
      node: name.node ?? owners.nodeOf(path),
      netns: name.pod === null ? ("host" as const) : { pod: name.pod },
    };
    const said = raw === null ? null : unfence(raw);
    const text = said === null ? null : readAs(name.kind, readSockets(said, path));
    if (text === null) {
      if (raw === null || saysSomething(raw)) unread.push({ path, key: keyOf({ ...at, kind: name.kind }) });
      continue;
    }
    for (const { kind, words, part } of splitUp(name.kind, text)) {
      const file = words.length === 0 ? path : [path, ...words].join(" ");
      records.push({ ...at, kind, phase: "after", argv: [path, ...words], exitCode: 0, file, stderr: "" });
      texts.set(file, part);
    }
  }
  // What another form of the same command told is not missing.
  const told = new Set(records.map(keyOf));
  const missing = unread.filter(({ key }) => !told.has(key)).map(({ path }) => path);
  return { records: withLinks(records), texts, unread: missing };
}

function keyOf({ node, netns, kind }: Pick<StateRecord, "node" | "netns" | "kind">): string {
  return JSON.stringify([node, netns, kind]);
}

/** An empty fence says nothing, nor does a table that has no more than a warning. */
function saysSomething(text: string): boolean {
  return linesOf(text).some((line) => !/^\s*(?:#.*|```)?$/.test(line));
}

/** The text as its parser takes it; null: it is something else. */
function readAs(kind: StateKind, text: string): string | null {
  const table = TABLES[kind];
  if (table === undefined) return TEXTS[kind]?.test(text) === true ? text : null;
  const isJson = /^\s*[[{]/.test(text);
  const made = isJson ? text : JSON.stringify(table.plain(text));
  return table.parse(made).length === 0 ? null : made;
}

interface Part {
  readonly kind: StateKind;
  /** What stands behind the file's name, as it would behind the command's. */
  readonly words: readonly string[];
  readonly part: string;
}

/** Looks go to one device each; a file has all of them. What sysctl prints answers two looks. */
function splitUp(kind: StateKind, text: string): readonly Part[] {
  if (kind === "sysctls")
    return (["sysctls", "rp-filter"] as const).map((one) => ({ kind: one, words: [], part: text }));
  if (kind !== "neighbours" && kind !== "fdb") return [{ kind, words: [], part: text }];
  const byDevice = new Map<string, JsonRecord[]>();
  for (const entry of recordsOf(parseJson(text))) {
    const device = textOf(entry, "dev") ?? textOf(entry, "ifname") ?? "";
    const known = byDevice.get(device);
    if (known === undefined) byDevice.set(device, [entry]);
    else known.push(entry);
  }
  return [...byDevice].map(([device, entries]) => ({
    ...{ kind, words: device === "" ? [] : ["dev", device] },
    part: JSON.stringify(entries),
  }));
}

/** `ip address` says of links what `ip link` would have said. */
function withLinks(records: readonly StateRecord[]): StateRecord[] {
  const placeOf = ({ node, netns }: StateRecord): string => JSON.stringify([node, netns]);
  const known = new Set(records.filter(({ kind }) => kind === "links").map(placeOf));
  return records.flatMap((record) =>
    record.kind === "addresses" && !known.has(placeOf(record))
      ? [record, { ...record, kind: "links" as const }]
      : [record],
  );
}
