import { parseSignature, type Signature } from "../signature.js";
import type { CelList } from "../values.js";
import { MadeList, nameOf, type CelValue } from "../values.js";

/** Counts steps of work; throws where they are too many. */
export type Count = (steps: number) => void;

export interface CelFunction {
  readonly signatures: readonly Signature[];
  /** One line, without a full stop. */
  readonly means: string;
  /** An expression and what it gives, as data. */
  readonly example: readonly [string, unknown];
  /** The receiver comes first. Throws Error with the reason. */
  readonly run: (values: readonly CelValue[], count: Count) => CelValue;
}

/** What an expression may make; what data holds is passed on whatever its size. */
export const MAX_TEXT_LENGTH = 1_000_000;
export const MAX_LIST_LENGTH = 100_000;

/** No `||` beside it makes this good. */
export class TooLarge extends Error {}

/** `run` takes values of the types that the signatures tell. */
export function define(
  signatures: readonly string[],
  means: string,
  example: readonly [string, unknown],
  run: (...values: never[]) => CelValue,
): CelFunction {
  return defineCounted(signatures, means, example, () => run);
}

/** The same for one whose work its values do not tell: it counts steps itself. */
export function defineCounted(
  signatures: readonly string[],
  means: string,
  example: readonly [string, unknown],
  make: (count: Count) => (...values: never[]) => CelValue,
): CelFunction {
  return {
    signatures: signatures.map(parseSignature),
    means,
    example,
    run: (values, count) => make(count)(...(values as never[])),
  };
}

export function textList(items: readonly string[]): MadeList {
  return new MadeList(items);
}

/** The texts that a list holds. Throws Error where an item is none. */
export function textsOf(list: CelList): readonly string[] {
  return list.items().map((item) => {
    if (typeof item === "string") return item;
    throw new Error(`a list of text is wanted here, and one item is ${nameOf(item)}`);
  });
}

/** Throws TooLarge before a text is made that is too long. */
export function checkLength(length: number): void {
  if (length > MAX_TEXT_LENGTH) throw new TooLarge(`the text would have ${length} characters`);
}
