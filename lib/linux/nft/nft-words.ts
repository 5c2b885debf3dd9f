import type { JsonRecord } from "../json.js";
import { isRecord, textOf } from "../json.js";

/** Statements are cut here: a set may hold thousands. */
const MAX_CHARS = 200;
const MAX_ITEMS = 8;
const UNKNOWN = "?";

/** The matches of a rule and its verdict as nft(8) prints them, from libnftables-json(5): `udp dport 4789 drop`. */
export function spellRule(parts: readonly JsonRecord[], verdict: string | null): string {
  const matches = parts.flatMap(({ match, vmap }) =>
    isRecord(match) ? [spellMatch(match)] : isRecord(vmap) ? [spellVerdictMap(vmap)] : [],
  );
  const isMap = parts.some(({ vmap }) => isRecord(vmap));
  return [...matches, ...(verdict === null && isMap ? [] : [verdict ?? "no verdict"])]
    .join(" ")
    .slice(0, MAX_CHARS);
}

/** An element of a verdict map: `10.96.0.1 . tcp . 80 : goto web`. */
export function spellElement(key: unknown, verdict: unknown): string {
  return `${spell(key)} : ${spellVerdict(verdict)}`.slice(0, MAX_CHARS);
}

function spellVerdictMap({ key, data }: JsonRecord): string {
  return `${spell(key)} vmap ${isRecord(data) ? "{ … }" : spell(data)}`;
}

function spellVerdict(verdict: unknown): string {
  const [entry] = isRecord(verdict) ? Object.entries(verdict) : [];
  if (entry === undefined) return UNKNOWN;
  const [name, body] = entry;
  const target = isRecord(body) ? textOf(body["target"]) : null;
  return target === null ? name : `${name} ${target}`;
}

function spellMatch({ left, op, right }: JsonRecord): string {
  const operator = op === "==" || op === "in" ? "" : `${spell(op)} `;
  return `${spell(left)} ${operator}${spell(right)}`;
}

/** What has another shape than it should have is a question mark: left out, the rule would seem to match more. */
function spell(value: unknown): string {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return String(value);
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map(spell).join(",");
  if (!isRecord(value)) return UNKNOWN;
  const { payload, meta, ct, prefix, range, set, fib, numgen, concat } = value;
  if (isRecord(payload)) {
    if (textOf(payload["field"]) !== null) return `${spell(payload["protocol"])} ${spell(payload["field"])}`;
    return `@${spell(payload["base"])},${spell(payload["offset"])},${spell(payload["len"])}`;
  }
  if (isRecord(meta)) return spellMeta(spell(meta["key"]));
  if (isRecord(ct)) return `ct ${spell(ct["key"])}`;
  if (isRecord(fib)) return `fib ${spell(fib["flags"])} ${spell(fib["result"])}`;
  if (isRecord(numgen)) return `numgen ${spell(numgen["mode"])} mod ${spell(numgen["mod"])}`;
  if (isRecord(prefix)) return `${spell(prefix["addr"])}/${spell(prefix["len"])}`;
  if (Array.isArray(range)) return range.map(spell).join("-");
  if (Array.isArray(concat)) return concat.map(spell).join(" . ");
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
  if (entry === undefined) return UNKNOWN;
  const [name, inner] = entry;
  if (Array.isArray(inner) && /^[&|^<>]{1,2}$/.test(name)) return inner.map(spell).join(` ${name} `);
  return isRecord(inner) ? name : `${name} ${spell(inner)}`;
}
