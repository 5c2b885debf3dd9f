/** The value of a quantity, or the reason why the text is none. */
export function withUnit(
  value: number | undefined,
  { text, example }: { readonly text: string; readonly example: string },
): number {
  if (value !== undefined && Number.isSafeInteger(value)) return value;
  throw new Error(`${JSON.stringify(text)} has no unit that is known, as in ${example}`);
}

/** Milliseconds since 1970 of a time with its zone. */
export function parseTimestamp(text: string): number {
  const form =
    /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$/;
  const ms = form.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(ms)) {
    throw new Error(`${JSON.stringify(text)} is no time of RFC 3339, as in 2026-01-31T12:00:00Z`);
  }
  return ms;
}

export function toInt(value: string | number | boolean): number {
  if (typeof value === "number" && Number.isSafeInteger(Math.trunc(value))) return Math.trunc(value);
  const number = typeof value === "string" && /^[+-]?[0-9]{1,16}$/.test(value) ? Number(value) : NaN;
  if (Number.isSafeInteger(number)) return number;
  throw new Error(`${JSON.stringify(value)} is no whole number`);
}

export function toDouble(value: string | number | boolean): number {
  if (typeof value === "number") return value;
  const form = /^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?$/;
  const number = typeof value === "string" && form.test(value) ? Number(value) : NaN;
  if (Number.isFinite(number)) return number;
  throw new Error(`${JSON.stringify(value)} is no number`);
}

export function toBool(value: string | number | boolean): boolean {
  if (typeof value === "boolean") return value;
  if (value === "true" || value === "false") return value === "true";
  throw new Error(`${JSON.stringify(value)} is neither true nor false`);
}

export function cut(text: string, start: number, end: number): string {
  if (start >= 0 && start <= end && end <= text.length) return text.substring(start, end);
  throw new Error(`there is no part from ${start} to ${end} in a text of ${text.length}`);
}
