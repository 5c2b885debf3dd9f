import type { LoadedRule, MapElement, Translation } from "../chain.js";
import type { Packet } from "../packet.js";
import type { Doubt } from "../truth.js";

/** What has to be so for a packet to come here. */
interface Condition {
  /** A clause: "the set web holds 10.0.0.1". */
  readonly text: string;
  /** The same condition as another world's has the same, whichever way it went. */
  readonly id: string;
  readonly holds: boolean;
}

/** A translation with the rule that made it. */
export interface MadeTranslation extends Translation {
  readonly rule: LoadedRule;
}

/** The packet as it may be at one moment. Where a rule is in doubt there are two from then on. */
export interface World {
  readonly packet: Packet;
  /** None: it is certain. */
  readonly conditions: readonly Condition[];
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
export function withDoubt(world: World, doubt: Doubt, { id, holds }: Pick<Condition, "id" | "holds">): World {
  const text = holds ? doubt.holds : doubt.fails;
  return { ...world, conditions: [...world.conditions, { text, id: `${id} ${doubt.holds}`, holds }] };
}

/**
 * Worlds in which the packet is the same are one, under what either of them asks. What is left out of two is only what
 * both ways lead to the same.
 */
export function mergeWorlds(worlds: readonly World[]): World[] {
  if (worlds.length < 2) return [...worlds];
  const merged = new Map<string, World>();
  for (const world of worlds) {
    const key = keyOf(world);
    const known = merged.get(key);
    merged.set(
      key,
      known === undefined
        ? world
        : {
            ...known,
            conditions: eitherOf(known.conditions, world.conditions),
            elements: known.elements.filter((element) => world.elements.includes(element)),
          },
    );
  }
  return [...merged.values()];
}

/** More alternatives than a person reads. */
const MOST_CHARS = 400;

/** What either of two lists of conditions says. */
function eitherOf(one: readonly Condition[], other: readonly Condition[]): readonly Condition[] {
  let common = 0;
  while (common < one.length && isSame(one[common], other[common])) common += 1;
  const [left, right] = [one.slice(common), other.slice(common)];
  const shared = one.slice(0, common);
  if (left.length === 0 || right.length === 0) return shared;
  const [first, second] = [left[0]!, right[0]!];
  if (first.id === second.id && first.holds !== second.holds) {
    if (left.length === 1 && right.length === 1) return shared;
    // p, or else q: the same as p or q.
    if (left.length === 1) return [...shared, orOf(left, right.slice(1))];
    if (right.length === 1) return [...shared, orOf(left.slice(1), right)];
  }
  return [...shared, orOf(left, right)];
}

function orOf(left: readonly Condition[], right: readonly Condition[]): Condition {
  const [one, other] = [left, right].map((side) => side.map(({ text }) => text).join(" and "));
  const text = one === other ? String(one) : `${String(one)}, or ${String(other)}`;
  const id = [left, right]
    .map((side) => side.map((each) => `${each.id}${String(each.holds)}`).join("&"))
    .join("|");
  return { text: cut(text), id: cut(id), holds: true };
}

function cut(text: string): string {
  return text.length <= MOST_CHARS ? text : `${text.slice(0, MOST_CHARS - 1)}…`;
}

function isSame(one: Condition | undefined, other: Condition | undefined): boolean {
  return one !== undefined && one.id === other?.id && one.holds === other.holds;
}

function keyOf({ packet, translations }: World): string {
  const { connection } = packet;
  return JSON.stringify([
    [packet.source.text, packet.sourcePort, packet.destination.text, packet.destinationPort],
    [packet.mark, packet.hopLimit, packet.trafficClass, connection],
    translations.map(({ of, ip, port, rule }) => [of, ip, port, rule.key]),
  ]);
}
