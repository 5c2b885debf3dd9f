import { createContext, Script, type Context } from "node:vm";

export const MAX_PATTERN_LENGTH = 256;
const MAX_SUBJECT_LENGTH = 10_000;
/** Of one match, and of all matches of one expression, which is meant to take 50 ms at most. */
export const MATCH_TIMEOUT_MS = 40;
/** Steps that a match makes at worst and that need no watch. */
const MAX_UNWATCHED_STEPS = 100_000;
const MAX_CACHED = 200;

interface Pattern {
  readonly regex: RegExp | undefined;
  /** Why it is not used. */
  readonly fault: string | undefined;
  /** The worst case is the subject's length to this power. */
  readonly degree: number;
}

const patterns = new Map<string, Pattern>();
let context: Context | undefined;
const script = new Script("regex.test(subject)");

/**
 * Does work that gets a time-out, until it has used so much CPU time. The time-out goes by the clock, and that goes on
 * while a busy machine lets others run: work that had no turn is tried again, with more time.
 */
export function withinCpuTime<T>(limitMs: number, work: (timeoutMs: number) => T): T {
  const started = process.cpuUsage();
  let done: { readonly result: T } | undefined;
  for (let timeoutMs = limitMs; done === undefined; timeoutMs *= 2) {
    try {
      done = { result: work(timeoutMs) };
    } catch (error) {
      const { user, system } = process.cpuUsage(started);
      const usedMs = (user + system) / 1000;
      // A time-out that was used to the full is measured a little short of it.
      if (!isTimeout(error) || usedMs >= 0.9 * limitMs) throw error;
    }
  }
  return done.result;
}

/** The error comes from the script's own context: it is no instance of this one's Error. */
function isTimeout(error: unknown): boolean {
  return (error as { code?: unknown }).code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
}

/** A match was ended: the pattern and the text together need more time than there is. */
export class MatchTooLong extends Error {}

/** Why a pattern is not used; undefined where it is fine. */
export function findPatternFault(pattern: string): string | undefined {
  return readPattern(pattern).fault;
}

/**
 * Whether text matches a pattern anywhere (JavaScript's syntax, `u`). Bounded: patterns that repeat
 * repetitions are refused, text is at most 10,000 characters, and `limitMs` of CPU time (default 40, whole) end it in any
 * case. Throws Error with the reason.
 */
export function matchBounded(subject: string, pattern: string, limitMs = MATCH_TIMEOUT_MS): boolean {
  const { regex, fault, degree } = readPattern(pattern);
  if (regex === undefined) throw new Error(fault);
  if (subject.length > MAX_SUBJECT_LENGTH) {
    throw new Error(`the text to match has ${subject.length} characters, more than ${MAX_SUBJECT_LENGTH}`);
  }
  // A watch is a thread: a list of thousands of short names is matched without.
  if (subject.length ** degree * pattern.length <= MAX_UNWATCHED_STEPS) return regex.test(subject);
  context ??= createContext(Object.create(null) as object);
  const own = Object.assign(context, { regex, subject });
  try {
    return withinCpuTime(limitMs, (timeout) => script.runInContext(own, { timeout }) as boolean);
  } catch {
    throw new MatchTooLong(`matching ${JSON.stringify(pattern)} takes longer than ${MATCH_TIMEOUT_MS} ms`);
  }
}

function readPattern(pattern: string): Pattern {
  const known = patterns.get(pattern);
  if (known !== undefined) return known;
  const read = compile(pattern);
  if (patterns.size >= MAX_CACHED) patterns.clear();
  patterns.set(pattern, read);
  return read;
}

function compile(pattern: string): Pattern {
  const refuse = (fault: string): Pattern => ({ regex: undefined, fault, degree: 0 });
  if (pattern.length > MAX_PATTERN_LENGTH) {
    return refuse(`the pattern is longer than ${MAX_PATTERN_LENGTH} characters`);
  }
  let regex: RegExp;
  try {
    regex = new RegExp(pattern, "u");
  } catch {
    return refuse(`${JSON.stringify(pattern)} is no regular expression`);
  }
  // Escapes and classes are single characters to these questions.
  const plain = pattern.replace(/\\./gu, "x").replace(/\[[^\]]*\]/gu, "x");
  if (repeatsRepetition(plain)) {
    return refuse(`${JSON.stringify(pattern)} repeats what already repeats or branches`);
  }
  // One more for the place where the match begins, which is anywhere.
  return { regex, fault: undefined, degree: 1 + (plain.match(/[*+{|?]/g) ?? []).length };
}

/** `(a+)+`, `(a|a)*`, `(a{2,})*`: what makes a backtracking matcher take exponential time. */
function repeatsRepetition(plain: string): boolean {
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
