import { CelFault } from "./fault.js";
import type { Loop } from "./macros.js";
import { TooMuch, type Locals, type Runner } from "./runner.js";
import type { AstNode } from "./syntax.js";
import { CelList, CelMap, MadeList, MadeMap, nameOf, type CelValue } from "./values.js";

/** What a loop goes through: index or key, and the item or value. */
type Entry = readonly [index: CelValue, value: CelValue];

/** The value of a macro that goes through a list or a map. Throws CelFault. */
export function runLoop(
  runner: Runner,
  loop: Loop,
  { node, locals }: { readonly node: AstNode; readonly locals: Locals | undefined },
): CelValue {
  const { name, condition, transform } = loop;
  const kept: Entry[] = [];
  const decides = name === "all" || name === "exists";
  let failure: CelFault | undefined;
  for (const [index, value] of entriesOf(runner.run(loop.range, locals), loop)) {
    const inner = bindEntry(loop, [index, value], locals);
    try {
      const holds = condition === undefined || runner.test(condition, inner);
      if (decides && holds === (name === "exists")) return holds;
      if (holds) kept.push([index, transform === undefined ? value : runner.run(transform, inner)]);
    } catch (error) {
      // Another item may yet decide.
      if (!(error instanceof CelFault) || error instanceof TooMuch || !decides) throw error;
      failure ??= error;
    }
  }
  if (failure !== undefined) throw failure;
  if (decides) return name === "all";
  if (name === "exists_one" || name === "existsOne") return kept.length === 1;
  if (name === "transformMap" || name === "transformMapEntry") return joinMaps(kept, { name, node });
  return new MadeList(kept.map(([, value]) => value));
}

function bindEntry(
  { index: indexName, variable }: Loop,
  [index, value]: Entry,
  locals: Locals | undefined,
): Locals {
  const outer = indexName === undefined ? locals : { name: indexName, value: index, outer: locals };
  return { name: variable, value, outer };
}

function entriesOf(range: CelValue, { range: node, index }: Loop): readonly Entry[] {
  if (range instanceof CelList) return range.items().map((item, position) => [BigInt(position), item]);
  if (range instanceof CelMap) {
    return range.keys().map((key) => [key, index === undefined ? key : (range.get(key) ?? null)]);
  }
  throw new CelFault(`a list is wanted here, not ${nameOf(range)}`, node, "expression-type");
}

function joinMaps(
  kept: readonly Entry[],
  { name, node }: { readonly name: "transformMap" | "transformMapEntry"; readonly node: AstNode },
): CelValue {
  try {
    return new MadeMap(name === "transformMap" ? kept : kept.flatMap(([, value]) => entriesIn(value)));
  } catch (error) {
    throw new CelFault((error as Error).message, node, "expression-type");
  }
}

function entriesIn(value: CelValue): readonly Entry[] {
  if (value instanceof CelMap) return value.keys().map((key) => [key, value.get(key) ?? null]);
  throw new Error(`a map is wanted here, not ${nameOf(value)}`);
}
