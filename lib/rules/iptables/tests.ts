import type { Test } from "../chain.js";
import { negate } from "../truth.js";
import type { MatchArguments, Option } from "./arguments.js";
import { MATCHES } from "./matches/registry.js";

/** The tests of a match; what is not known of it is a test in doubt, never one that is left out. */
export function makeTests({ name, options }: MatchArguments): Test[] {
  const family = MATCHES.get(name);
  if (family === undefined) return [inDoubt(`match ${name}`)];
  if (family.whole !== undefined) return [family.whole(options)];
  return options
    .filter((option) => family.modifiers?.includes(option.name) !== true)
    .map((option) => {
      const make = Object.hasOwn(family.options, option.name) ? family.options[option.name] : undefined;
      const test = make?.(option.values, options) ?? inDoubt(spell(name, option));
      const asked: Test = option.isNegated ? (at) => negate(test(at)) : test;
      const { without } = family;
      return without === undefined ? asked : (at) => without(at, option.name, options) ?? asked(at);
    });
}

function spell(name: string, { name: option, values }: Option): string {
  const words = [...(name === "" ? [] : [`match ${name}`]), option, ...values];
  return words.join(" ").slice(0, MOST_CHARS);
}

const MOST_CHARS = 80;

function inDoubt(what: string): Test {
  return () => ({ holds: `"${what}" takes it`, fails: `"${what}" does not take it` });
}
