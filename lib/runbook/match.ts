import { createContext, Script, type Context } from "node:vm";

export const MAX_PATTERN_LENGTH = 256;
const MAX_SUBJECT_LENGTH = 10_000;
const MATCH_TIMEOUT_MS = 200;

let context: Context | undefined;
const script = new Script("new RegExp(pattern, 'u').test(subject)");

/** Why a pattern is not used; undefined where it is fine. */
export function findPatternFault(pattern: string): string | undefined {
  if (pattern.length > MAX_PATTERN_LENGTH)
    return `the pattern is longer than ${MAX_PATTERN_LENGTH} characters`;
  try {
    new RegExp(pattern, "u");
  } catch {
    return `${JSON.stringify(pattern)} is no regular expression`;
  }
  if (repeatsRepetition(pattern))
    return `${JSON.stringify(pattern)} repeats what already repeats or branches`;
  return undefined;
}

/**
 * Whether text matches a pattern anywhere (JavaScript's syntax, `u`). Bounded: patterns that repeat
 * repetitions are refused, text is at most 10,000 characters, and 200 ms end it in any case. Throws Error
 * with the reason.
 */
export function matchBounded(subject: string, pattern: string): boolean {
  const fault = findPatternFault(pattern);
  if (fault !== undefined) throw new Error(fault);
  if (subject.length > MAX_SUBJECT_LENGTH) {
    throw new Error(`the text to match has ${subject.length} characters, more than ${MAX_SUBJECT_LENGTH}`);
  }
  context ??= createContext(Object.create(null) as object);
  Object.assign(context, { pattern, subject });
  try {
    return script.runInContext(context, { timeout: MATCH_TIMEOUT_MS }) as boolean;
  } catch {
    throw new Error(`matching ${JSON.stringify(pattern)} takes longer than ${MATCH_TIMEOUT_MS} ms`);
  }
}

/** `(a+)+`, `(a|a)*`, `(a{2,})*`: what makes a backtracking matcher take exponential time. */
function repeatsRepetition(pattern: string): boolean {
  // Escapes and classes are single characters to this question.
  const plain = pattern.replace(/\\./gu, "x").replace(/\[[^\]]*\]/gu, "x");
  const risky: boolean[] = [false];
  for (let index = 0; index < plain.length; index++) {
    const character = plain.charAt(index);
    if (character === "(") {
      risky.push(false);
      // `(?:`, `(?=`, `(?<name>`: the question mark repeats nothing.
      if (plain.charAt(index + 1) === "?") index++;
    } else if (character === ")") {
      const inner = risky.pop() as boolean;
      if (inner && /[*+{]/.test(plain.charAt(index + 1))) return true;
      if (inner) risky[risky.length - 1] = true;
    } else if (/[*+{|?]/.test(character)) {
      risky[risky.length - 1] = true;
    }
  }
  return false;
}
