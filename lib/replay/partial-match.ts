/**
 * How a value differs from what is expected of it, one line each with its place. Of an object only the keys that are
 * expected count; a list has as many items as expected. Empty: it fits.
 */
export function describeDifferences(expected: unknown, actual: unknown, at: string): string[] {
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return [differs(at, expected, actual)];
    const lengths =
      expected.length === actual.length
        ? []
        : [`${at}: expected ${expected.length} items, got ${actual.length}`];
    const items = expected.slice(0, actual.length);
    return [
      ...lengths,
      ...items.flatMap((item: unknown, index) =>
        describeDifferences(item, (actual as unknown[])[index], `${at}[${index}]`),
      ),
    ];
  }
  if (typeof expected === "object" && expected !== null) {
    if (typeof actual !== "object" || actual === null || Array.isArray(actual))
      return [differs(at, expected, actual)];
    return Object.entries(expected).flatMap(([key, value]) => {
      const found = Object.hasOwn(actual, key) ? (actual as Record<string, unknown>)[key] : undefined;
      return describeDifferences(value, found, at === "" ? key : `${at}.${key}`);
    });
  }
  return Object.is(expected, actual) ? [] : [differs(at, expected, actual)];
}

function differs(at: string, expected: unknown, actual: unknown): string {
  return `${at}: expected ${show(expected)}, got ${show(actual)}`;
}

const MAX_CHARS = 300;

function show(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length <= MAX_CHARS ? text : `${text.slice(0, MAX_CHARS)}…`;
}
