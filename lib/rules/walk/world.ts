import type { LoadedRule, MapElement, Translation } from "../chain.js";
import type { Packet } from "../packet.js";
import type { Doubt } from "../truth.js";
import { anyUnder, conditionOf, withCondition, type Condition, type Under } from "./conditions.js";

/** A translation with the rule that made it. */
export interface MadeTranslation extends Translation {
  readonly rule: LoadedRule;
}

/** The packet as it may be at one moment. Where a rule is in doubt there are two from then on. */
export interface World {
  readonly packet: Packet;
  readonly conditions: Under;
  readonly translations: readonly MadeTranslation[];
  /** Elements of maps that led it here, the last ones last. */
  readonly elements: readonly MapElement[];
}

export function withElement(world: World, element: MapElement | undefined): World {
  return element === undefined
    ? world
    : { ...world, elements: [...world.elements, element].slice(-MOST_ELEMENTS) };
}

const MOST_ELEMENTS = 8;

/** The world in which a doubt went one way. */
export function withDoubt(world: World, doubt: Doubt, way: Pick<Condition, "id" | "holds">): World {
  return { ...world, conditions: withCondition(world.conditions, conditionOf(doubt, way)) };
}

/**
 * Worlds in which the packet is the same are one, under what either of them asks. What is left out of two is only what
 * both ways lead to the same.
 */
export function mergeWorlds(worlds: readonly World[], spend?: (looks: number) => void): World[] {
  if (worlds.length < 2) return [...worlds];
  const alike = new Map<string, World[]>();
  for (const world of worlds) {
    const key = keyOf(world);
    const known = alike.get(key);
    if (known === undefined) alike.set(key, [world]);
    else known.push(world);
  }
  return [...alike.values()].map((each) => (each.length === 1 ? each[0]! : mergeAlike(each, spend)));
}

function mergeAlike(worlds: readonly World[], spend?: (looks: number) => void): World {
  const [first, ...others] = worlds;
  const sets = others.map(({ elements }) => new Set(elements));
  return {
    ...first!,
    conditions: anyUnder(
      worlds.map(({ conditions }) => conditions),
      spend,
    ),
    elements: first!.elements.filter((element) => sets.every((set) => set.has(element))),
  };
}

/** A world that a rule passed over is asked for its key again, behind each of the next rules. */
const KEYS = new WeakMap<World, string>();

function keyOf(world: World): string {
  const known = KEYS.get(world);
  if (known !== undefined) return known;
  const { packet, translations } = world;
  const { connection } = packet;
  const key = JSON.stringify([
    [packet.source.text, packet.sourcePort, packet.destination.text, packet.destinationPort],
    [packet.mark, packet.hopLimit, packet.trafficClass, connection],
    translations.map(({ of, ip, port, rule }) => [of, ip, port, rule.key]),
  ]);
  KEYS.set(world, key);
  return key;
}
