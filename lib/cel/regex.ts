import type { RE2JSSyntaxException } from "re2js";
import { RE2JS } from "re2js";

const MAX_PATTERN_LENGTH = 256;
/** Of the pattern's length times what its counts repeat: a program of that size is made in some 0.1 s. */
const MAX_REPEATED = 32_768;
/** Of a program's size times the length of a text, which some 0.2 s take at worst. */
const MAX_MATCH_WORK = 10_000_000;
const MAX_CACHED = 1000;

const compiled = new Map<string, RE2JS>();

/** A regular expression that RE2 does not know, or that is too large. */
export class PatternFault extends Error {
  readonly suggestion: string | undefined;

  constructor(message: string, suggestion?: string) {
    super(message);
    this.suggestion = suggestion;
  }
}

/** What is wrong with a pattern; undefined where it is fine. */
export function findPatternFault(pattern: string): PatternFault | undefined {
  try {
    compilePattern(pattern);
    return undefined;
  } catch (error) {
    return error as PatternFault;
  }
}

/** RE2's program of a pattern: its matches take time in the length of the text. Throws PatternFault. */
export function compilePattern(pattern: string): RE2JS {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  const made = compile(pattern);
  if (compiled.size >= MAX_CACHED) compiled.clear();
  compiled.set(pattern, made);
  return made;
}

/** Work of a match at worst: each character goes through the whole program. */
export function workOfMatch(program: RE2JS, text: string): number {
  return program.programSize() * text.length;
}

/** Whether text matches a pattern (RE2's syntax) anywhere. Throws PatternFault, also where both are too large. */
export function matchBounded(text: string, pattern: string): boolean {
  const program = compilePattern(pattern);
  if (workOfMatch(program, text) > MAX_MATCH_WORK) {
    throw new PatternFault(
      `the text to match has ${text.length} characters, too many for ${JSON.stringify(pattern)}`,
    );
  }
  return program.test(text);
}

function compile(pattern: string): RE2JS {
  if (pattern.length > MAX_PATTERN_LENGTH) {
    throw new PatternFault(`the pattern is longer than ${MAX_PATTERN_LENGTH} characters`);
  }
  if (pattern.length * repetitionsOf(pattern) > MAX_REPEATED) {
    throw new PatternFault(`${JSON.stringify(pattern)} repeats too much`);
  }
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    const { message } = error as RE2JSSyntaxException;
    const reason = message.replace("error parsing regexp: ", "");
    const suggestion = /[(][?](<?[=!]|>)|\\[1-9k]/.test(pattern)
      ? "RE2 has no lookahead, no lookbehind, no atomic group and no backreference"
      : undefined;
    throw new PatternFault(
      `${JSON.stringify(pattern)} is no regular expression of RE2: ${reason}`,
      suggestion,
    );
  }
}

/** How often a part of the pattern is repeated at most; RE2 itself refuses more than 1000. */
function repetitionsOf(pattern: string): number {
  const counts = [...pattern.matchAll(/([)])?[{]([0-9]+)(?:,([0-9]*))?[}]/g)];
  const isOfGroup = (group: string | undefined): boolean => group !== undefined;
  const most = ([, , least, highest]: RegExpExecArray): number =>
    Math.max(1, Number(least), Number(highest ?? 0));
  const single = counts.filter(([, group]) => !isOfGroup(group)).map(most);
  const nested = counts.filter(([, group]) => isOfGroup(group)).map(most);
  return Math.min(1000, Math.max(1, ...single) * nested.reduce((product, count) => product * count, 1));
}
