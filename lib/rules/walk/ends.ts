import type { RuleEnd } from "./chain.js";
import { anyUnder, type Under } from "./conditions.js";
import type { Walk } from "./path.js";
import type { World } from "./world.js";

/** One rule that ends a packet in several of its worlds: on the way to each endpoint of a Service, as it may be. */
export interface SharedEnd {
  /** The first of them. */
  readonly end: RuleEnd;
  readonly worlds: readonly World[];
  /** What has to be so for any of them. */
  readonly under: Under;
}

/** The ends of a walk, those by one rule together. */
export function groupEnds({ ended }: Pick<Walk, "ended">): SharedEnd[] {
  const groups = new Map<string, RuleEnd[]>();
  for (const end of ended) {
    const key = keyOf(end);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [end]);
    else known.push(end);
  }
  return [...groups.values()].map((ends) => {
    const worlds = ends.map(({ world }) => world);
    return { end: ends[0]!, worlds, under: anyUnder(worlds.map(({ conditions }) => conditions)) };
  });
}

function keyOf({ kind, rule, chain, how, world }: RuleEnd): string {
  const element = world.elements.at(-1);
  const place = [chain.hook, chain.table.name, chain.name];
  return JSON.stringify([kind, rule?.key ?? null, place, how, element?.map, element?.text]);
}
