import { parseDuration, parseSize } from "../model/units.js";
import { cut, parseTimestamp, toBool, toDouble, toInt, withUnit } from "./cel-convert.js";
import { matchBounded } from "./match.js";

/** What a function may be given, by the names of the reference; `any` is any value at all. */
export type Parameter = "any" | "string" | "int" | "scalar" | "list" | "list<string>" | "map";

export interface CelFunction {
  readonly name: string;
  /** Of a method what stands in front of the dot; undefined: a function of its own. */
  readonly receiver?: Parameter;
  readonly parameters: readonly Parameter[];
  readonly returns: "string" | "int" | "double" | "bool" | "list<string>" | "dyn";
  /** One line, without a full stop. */
  readonly means: string;
  /** An expression and what it gives. */
  readonly example: readonly [string, unknown];
  /** The receiver comes first. Throws Error with the reason. */
  readonly run: (...values: never[]) => unknown;
}

/** Work that a call does beyond one step, in steps: texts and lists are gone through. */
export function costOf(values: readonly unknown[]): number {
  return values.reduce<number>((sum, value) => {
    if (typeof value === "string") return sum + value.length / 32;
    if (!Array.isArray(value)) return sum;
    return (
      sum +
      value.reduce<number>(
        (part, item) => part + (typeof item === "string" ? item.length / 32 : 0),
        value.length / 8,
      )
    );
  }, 0);
}

/** `string.contains(string): bool`. */
export function signatureOf({ name, receiver, parameters, returns }: CelFunction): string {
  return `${receiver === undefined ? "" : `${receiver}.`}${name}(${parameters.join(", ")}): ${returns}`;
}

const SIZE_MEANS = "Number of characters, items or keys";

/** Every function and method there is, apart from the macros (cel-macros.ts). */
export const CEL_FUNCTIONS: readonly CelFunction[] = [
  {
    name: "duration",
    parameters: ["string"],
    returns: "int",
    means: "A duration with its unit in milliseconds",
    example: ['duration("1.5s")', 1500],
    run: (text: string) => withUnit(parseDuration(text), { text, example: "30s" }),
  },
  {
    name: "size",
    parameters: ["string"],
    returns: "int",
    means: "A size with its unit in bytes; the number of characters is TEXT.size()",
    example: ['size("64MiB")', 67_108_864],
    run: (text: string) => withUnit(parseSize(text), { text, example: "64MiB" }),
  },
  {
    name: "size",
    parameters: ["list"],
    returns: "int",
    means: "Number of items",
    example: ["size([1, 2])", 2],
    run: (list: readonly unknown[]) => list.length,
  },
  {
    name: "size",
    parameters: ["map"],
    returns: "int",
    means: "Number of keys",
    example: ["size({'a': 1})", 1],
    run: (map: object) => Object.keys(map).length,
  },
  {
    name: "timestamp",
    parameters: ["string"],
    returns: "int",
    means: "A time of RFC 3339 in milliseconds since 1970, so that two can be compared and subtracted",
    example: ["timestamp('1970-01-01T00:00:01Z')", 1000],
    run: parseTimestamp,
  },
  {
    name: "string",
    parameters: ["scalar"],
    returns: "string",
    means: "Text of a number, a boolean or a text",
    example: ["string(1.5)", "1.5"],
    run: (value: unknown) => String(value),
  },
  {
    name: "int",
    parameters: ["scalar"],
    returns: "int",
    means: "A whole number of a text, or of a number without its fraction",
    example: ['int("42") + int(1.9)', 43],
    run: toInt,
  },
  {
    name: "double",
    parameters: ["scalar"],
    returns: "double",
    means: "A number of a text",
    example: ['double("1.5")', 1.5],
    run: toDouble,
  },
  {
    name: "bool",
    parameters: ["scalar"],
    returns: "bool",
    means: 'true or false of the text "true" or "false"',
    example: ['bool("true")', true],
    run: toBool,
  },
  {
    name: "dyn",
    parameters: ["any"],
    returns: "dyn",
    means: "The same value, whose type is no longer checked before the run",
    example: ["dyn(1) == 'a'", false],
    run: (value: unknown) => value,
  },
  {
    name: "size",
    receiver: "string",
    parameters: [],
    returns: "int",
    means: SIZE_MEANS,
    example: ["'abc'.size()", 3],
    run: (text: string) => [...text].length,
  },
  {
    name: "size",
    receiver: "list",
    parameters: [],
    returns: "int",
    means: SIZE_MEANS,
    example: ["[1, 2].size()", 2],
    run: (list: readonly unknown[]) => list.length,
  },
  {
    name: "size",
    receiver: "map",
    parameters: [],
    returns: "int",
    means: SIZE_MEANS,
    example: ["{'a': 1}.size()", 1],
    run: (map: object) => Object.keys(map).length,
  },
  {
    name: "contains",
    receiver: "string",
    parameters: ["string"],
    returns: "bool",
    means: "Whether a text stands in another one",
    example: ["'hello'.contains('ell')", true],
    run: (text: string, part: string) => text.includes(part),
  },
  {
    name: "startsWith",
    receiver: "string",
    parameters: ["string"],
    returns: "bool",
    means: "Whether a text begins with another one",
    example: ["'hello'.startsWith('he')", true],
    run: (text: string, part: string) => text.startsWith(part),
  },
  {
    name: "endsWith",
    receiver: "string",
    parameters: ["string"],
    returns: "bool",
    means: "Whether a text ends with another one",
    example: ["'hello'.endsWith('lo')", true],
    run: (text: string, part: string) => text.endsWith(part),
  },
  {
    name: "matches",
    receiver: "string",
    parameters: ["string"],
    returns: "bool",
    means: "Whether a regular expression (RE2's syntax) matches anywhere in a text",
    example: ["'10.0.0.1'.matches('^10[.]')", true],
    run: (text: string, pattern: string) => matchBounded(text, pattern),
  },
  {
    name: "lowerAscii",
    receiver: "string",
    parameters: [],
    returns: "string",
    means: "The text with its letters A to Z made small",
    example: ["'ABc'.lowerAscii()", "abc"],
    run: (text: string) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()),
  },
  {
    name: "upperAscii",
    receiver: "string",
    parameters: [],
    returns: "string",
    means: "The text with its letters a to z made large",
    example: ["'abC'.upperAscii()", "ABC"],
    run: (text: string) => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase()),
  },
  {
    name: "trim",
    receiver: "string",
    parameters: [],
    returns: "string",
    means: "The text without white space at its ends",
    example: ["' a '.trim()", "a"],
    run: (text: string) => text.trim(),
  },
  {
    name: "indexOf",
    receiver: "string",
    parameters: ["string"],
    returns: "int",
    means: "Where a text first stands in another one, from 0; -1 where it does not",
    example: ["'hello'.indexOf('l')", 2],
    run: (text: string, part: string) => text.indexOf(part),
  },
  {
    name: "lastIndexOf",
    receiver: "string",
    parameters: ["string"],
    returns: "int",
    means: "Where a text last stands in another one, from 0; -1 where it does not",
    example: ["'hello'.lastIndexOf('l')", 3],
    run: (text: string, part: string) => text.lastIndexOf(part),
  },
  {
    name: "substring",
    receiver: "string",
    parameters: ["int"],
    returns: "string",
    means: "The text from a position on, from 0",
    example: ["'hello'.substring(2)", "llo"],
    run: (text: string, start: number) => cut(text, start, text.length),
  },
  {
    name: "substring",
    receiver: "string",
    parameters: ["int", "int"],
    returns: "string",
    means: "The text from a position up to another one",
    example: ["'hello'.substring(1, 3)", "el"],
    run: cut,
  },
  {
    name: "split",
    receiver: "string",
    parameters: ["string"],
    returns: "list<string>",
    means: "The parts of a text between a separator",
    example: ["'a,b'.split(',')", ["a", "b"]],
    run: (text: string, separator: string) => text.split(separator),
  },
  {
    name: "join",
    receiver: "list<string>",
    parameters: [],
    returns: "string",
    means: "The texts of a list one behind the other",
    example: ["['a', 'b'].join()", "ab"],
    run: (list: readonly string[]) => list.join(""),
  },
  {
    name: "join",
    receiver: "list<string>",
    parameters: ["string"],
    returns: "string",
    means: "The texts of a list with a separator between them",
    example: ["['a', 'b'].join(', ')", "a, b"],
    run: (list: readonly string[], separator: string) => list.join(separator),
  },
];
