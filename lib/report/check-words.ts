/** Shorter than this a check's message is read at a glance. */
const SHORT = 120;
const OPENING = new Map([
  ["(", ")"],
  ["“", "”"],
  ['"', '"'],
]);

/**
 * The parts of a check's message, which a judge puts one behind the other with semicolons: the first says it, the others stand
 * below it. What stands in brackets or quotes is of one part. A short message is whole.
 */
export function partsOf(message: string): readonly string[] {
  if (message.length <= SHORT) return [message];
  const parts: string[] = [];
  const open: string[] = [];
  let from = 0;
  for (let at = 0; at < message.length; at++) {
    const char = message[at]!;
    if (char === open.at(-1)) open.pop();
    else if (OPENING.has(char)) open.push(OPENING.get(char)!);
    else if (char === ";" && message[at + 1] === " " && open.length === 0) {
      parts.push(message.slice(from, at));
      from = at + 2;
    }
  }
  // Where one is opened and never closed, nothing tells where parts end.
  return open.length > 0 ? [message] : [...parts, message.slice(from)];
}
