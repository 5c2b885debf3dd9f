import type { JsonRecord } from "./json.js";
import { isRecord, numberOf, recordsOf, textOf } from "./json.js";

/** Statements are cut here: a set may hold thousands. */
const MAX_CHARS = 200;
const MAX_ITEMS = 8;

/** The matches of a rule and its verdict as nft(8) prints them, from libnftables-json(5): `udp dport 4789 drop`. */
export function spellRule(parts: readonly JsonRecord[], verdict: string | null): string {
  const matches = parts.flatMap(({ match }) => (isRecord(match) ? [spellMatch(match)] : []));
  return [...matches, verdict ?? "no verdict"].join(" ").slice(0, MAX_CHARS);
}

function spellMatch({ left, op, right }: JsonRecord): string {
  const operator = op === "==" || op === "in" ? "" : `${textOf(op) ?? ""} `;
  return `${spell(left)} ${operator}${spell(right)}`.trimEnd();
}

function spell(value: unknown): string {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return String(value);
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map(spell).join(",");
  if (!isRecord(value)) return "";
  const { payload, meta, ct, prefix, range, set, fib, numgen } = value;
  if (isRecord(payload)) {
    const raw = `@${textOf(payload["base"]) ?? ""},${String(numberOf(payload["offset"]))},${String(numberOf(payload["len"]))}`;
    const field = textOf(payload["field"]);
    return field === null ? raw : `${textOf(payload["protocol"]) ?? ""} ${field}`;
  }
  if (isRecord(meta)) return spellMeta(textOf(meta["key"]) ?? "");
  if (isRecord(ct)) return `ct ${textOf(ct["key"]) ?? ""}`;
  if (isRecord(fib)) return `fib ${spell(fib["flags"])} ${textOf(fib["result"]) ?? ""}`;
  if (isRecord(numgen))
    return `numgen ${textOf(numgen["mode"]) ?? ""} mod ${String(numberOf(numgen["mod"]))}`;
  if (isRecord(prefix)) return `${textOf(prefix["addr"]) ?? ""}/${String(numberOf(prefix["len"]))}`;
  if (Array.isArray(range)) return range.map(spell).join("-");
  if (Array.isArray(set)) {
    const more = set.length > MAX_ITEMS ? ", …" : "";
    return `{ ${set.slice(0, MAX_ITEMS).map(spell).join(", ")}${more} }`;
  }
  return spellOperation(value);
}

/** Those of an interface stand alone; the others behind the word. */
function spellMeta(key: string): string {
  return /^[io]if|^mark$|^sk|^iifname$|^oifname$/.test(key) ? key : `meta ${key}`;
}

/** `{"&": [left, right]}`, and what else there is, by its name. */
function spellOperation(value: JsonRecord): string {
  const [entry] = Object.entries(value);
  if (entry === undefined) return "";
  const [name, inner] = entry;
  if (Array.isArray(inner) && /^[&|^<>]{1,2}$/.test(name)) return inner.map(spell).join(` ${name} `);
  const items = recordsOf([inner]);
  return items.length === 0 ? `${name} ${spell(inner)}` : name;
}
