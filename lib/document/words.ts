const MAX_SHOWN_TEXT = 60;

const TYPE_WORDS: Readonly<Record<string, string>> = {
  object: "a mapping",
  array: "a list",
  string: "text",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
  null: "empty",
};

/** JSON Schema's type names in words: "text or a whole number". */
export function typeWords(types: readonly string[]): string {
  return joinWords(types.map((type) => TYPE_WORDS[type] ?? type));
}

/** `a, b or c`. */
export function joinWords(words: readonly string[]): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} or ${words.at(-1) as string}`;
}

/** A value in double quotes, or as JSON where it is no text; long ones are cut. */
export function quote(value: unknown): string {
  const text = (JSON.stringify(value) as string | undefined) ?? "empty";
  return text.length > MAX_SHOWN_TEXT ? `${text.slice(0, MAX_SHOWN_TEXT)}…` : text;
}

/** What a value is, for "must be X, is Y". */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return "empty";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object") return "a mapping";
  if (typeof value === "string") return quote(value);
  return `the ${typeof value} ${quote(value)}`;
}

/** The thing at a path: `"timeout"`, `item 2 of "argv"`, `the document`. */
export function subjectOf(path: readonly (string | number)[]): string {
  const last = path.at(-1);
  if (last === undefined) return "the document";
  if (typeof last === "string") return quote(last);
  const owner = path.slice(0, -1).findLast((segment) => typeof segment === "string");
  return owner === undefined ? `item ${last + 1}` : `item ${last + 1} of ${quote(owner)}`;
}
