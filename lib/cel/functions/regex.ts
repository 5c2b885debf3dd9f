import { compilePattern, workOfMatch } from "../regex.js";
import type { RE2JS } from "re2js";
import { defineCounted, textList, type CelFunction, type Count } from "./function.js";

/** What a match does at worst within the time of a step. */
const WORK_PER_STEP = 64;

function compile(text: string, pattern: string, count: Count): RE2JS {
  const program = compilePattern(pattern);
  count(workOfMatch(program, text) / WORK_PER_STEP);
  return program;
}

function findAll(
  text: string,
  pattern: string,
  { count, limit }: { readonly count: Count; readonly limit: number },
): string[] {
  const matcher = compile(text, pattern, count).matcher(text);
  const found: string[] = [];
  while (found.length < limit && matcher.find()) {
    count(1);
    found.push(String(matcher.group()));
  }
  return found;
}

export const REGEX: readonly CelFunction[] = [
  defineCounted(
    ["string.matches(string): bool", "matches(string, string): bool"],
    "Whether a regular expression (RE2's syntax) matches anywhere in a text",
    ["'10.0.0.1'.matches('^10[.]')", true],
    (count) => (text: string, pattern: string) => compile(text, pattern, count).test(text),
  ),
  defineCounted(
    ["string.find(string): string"],
    "What a regular expression matches first in a text; else the empty text",
    ["'eth0: up'.find('[0-9]+')", "0"],
    (count) => (text: string, pattern: string) => findAll(text, pattern, { count, limit: 1 })[0] ?? "",
  ),
  defineCounted(
    ["string.findAll(string): list<string>", "string.findAll(string, int): list<string>"],
    "All that a regular expression matches in a text, at most so many",
    ["'a1b22'.findAll('[0-9]+')", ["1", "22"]],
    (count) =>
      (text: string, pattern: string, limit = -1n) =>
        textList(findAll(text, pattern, { count, limit: limit < 0n ? Infinity : Number(limit) })),
  ),
];
