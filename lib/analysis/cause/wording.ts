/** A person reads a summary in a terminal at night. */
const MOST_CHARS = 160;

/** `base (details)`; the first detail is cut where the line would get too long for it. */
export function summarise(base: string, details: readonly string[] = []): string {
  const [first = "", ...rest] = details;
  if (details.length === 0) return cut(base, MOST_CHARS);
  const room = MOST_CHARS - base.length - " ()".length - rest.join("; ").length - "; ".length;
  const shown = [...(room < 12 ? [] : [cut(first, room)]), ...rest];
  return cut(shown.length === 0 ? base : `${base} (${shown.join("; ")})`, MOST_CHARS);
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
