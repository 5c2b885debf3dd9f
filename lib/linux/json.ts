/**
 * Reading JSON that a node or an API printed. It is hostile input: nothing about its shape is taken for granted, and a
 * value of another type than expected counts as absent.
 */

export type JsonRecord = Readonly<Record<string, unknown>>;

/** The value if it is a JSON object, else an empty one. */
export function asRecord(value: unknown): JsonRecord {
  return isRecord(value) ? value : {};
}

/** The value if it is a list, else an empty one. */
export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

/** An own property only: `__proto__` and the like are never followed. */
export function fieldOf(value: unknown, ...path: readonly string[]): unknown {
  let current = value;
  for (const key of path) {
    const record = asRecord(current);
    current = Object.hasOwn(record, key) ? record[key] : undefined;
  }
  return current;
}

/** The objects of a list; empty where it is none. */
export function recordsOf(value: unknown, ...path: readonly string[]): readonly JsonRecord[] {
  return asList(fieldOf(value, ...path)).filter(isRecord);
}

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The texts of a list; empty where it is none. */
export function textsOf(value: unknown, ...path: readonly string[]): readonly string[] {
  return asList(fieldOf(value, ...path)).filter((item) => typeof item === "string");
}

/** Any finite number, such as a counter beyond what is exact. */
export function numberOf(value: unknown, ...path: readonly string[]): number | null {
  const found = fieldOf(value, ...path);
  return typeof found === "number" && Number.isFinite(found) ? found : null;
}

export function textOf(value: unknown, ...path: readonly string[]): string | null {
  const found = fieldOf(value, ...path);
  return typeof found === "string" ? found : null;
}

/** Those entries of an object whose value is a text. */
export function textEntries(value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(asRecord(value));
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

/** A safe integer; numbers written as text (older iproute2 and Go's int64) count. */
export function integerOf(value: unknown, ...path: readonly string[]): number | null {
  const found = fieldOf(value, ...path);
  if (typeof found === "number") return Number.isSafeInteger(found) ? found : null;
  if (typeof found !== "string" || !/^-?[0-9]{1,15}$/.test(found)) return null;
  return Number(found);
}

/**
 * Parses text as JSON; undefined where it is none. An empty text is an empty list, as iproute2 means it. iproute2 prints
 * most control characters of names and aliases as they are, which JSON does not allow: they are taken all the same.
 */
export function parseJson(text: string): unknown {
  if (text.trim() === "") return [];
  const parsed = tryJson(text);
  if (parsed !== undefined || !CONTROL.test(text)) return parsed;
  return tryJson(text.replaceAll(CONTROLS, escapeControl));
}

// eslint-disable-next-line no-control-regex -- it is what they are looked for by
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/;
const CONTROLS = new RegExp(CONTROL, "g");

function escapeControl(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
