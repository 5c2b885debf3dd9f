import { secretForms } from "../model/secret-forms.js";

const MASK = "[redacted]";
/** A short secret is also a common key ("id"): masking keys would break the file and hide nothing. */
const MIN_KEY_SECRET_CHARS = 4;

/** Takes secret values out of what is written to the run folder. */
export interface Redactor {
  /** Adds values; empty ones are ignored. Each is also looked for in its encoded forms. */
  add(values: readonly string[]): void;
  redactText(text: string): string;
  /** Bytewise, so that text which is no valid UTF-8 stays as it was. */
  redactBytes(bytes: Buffer): Buffer;
  /** A copy of a JSON value with every string redacted; keys too where the secret has 4 characters or more. */
  redactJson(value: unknown): unknown;
}

export function createRedactor(): Redactor {
  const needles = new Set<string>();
  let ordered: string[] = [];

  /** Longest first: a secret that contains another one must not leave its own rest behind. */
  const replaceIn = (text: string, list: readonly string[]): string =>
    list.reduce((rest, needle) => (rest.includes(needle) ? rest.replaceAll(needle, () => MASK) : rest), text);

  const redactText = (text: string): string => replaceIn(text, ordered);

  const redactJson = (value: unknown): unknown => {
    if (typeof value === "string") return redactText(value);
    if (typeof value === "number") return needles.has(String(value)) ? MASK : value;
    if (Array.isArray(value)) return value.map(redactJson);
    if (value === null || typeof value !== "object") return value;
    const longNeedles = ordered.filter((needle) => needle.length >= MIN_KEY_SECRET_CHARS);
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [replaceIn(key, longNeedles), redactJson(item)]),
    );
  };

  return {
    add(values) {
      for (const value of values) for (const form of secretForms(value)) needles.add(form);
      ordered = [...needles].sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
    },
    redactText,
    redactBytes(bytes) {
      if (ordered.length === 0) return bytes;
      const list = ordered.map((needle) => Buffer.from(needle, "utf8").toString("latin1"));
      return Buffer.from(replaceIn(bytes.toString("latin1"), list), "latin1");
    },
    redactJson(value) {
      return ordered.length === 0 ? value : redactJson(value);
    },
  };
}
