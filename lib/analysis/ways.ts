import { compareOnWay, readSightings, type FilePlace, type Sighting } from "./file-order.js";
import { topologicalOrder } from "./topological-order.js";

const MOST_WAYS = 64;
/** A way that few packets take is one as well. */
const MOST_PACKETS = 20_000;

/**
 * The ways that packets take through places of which nobody said how they lie, as indices of them: of all sets of places
 * that showed a packet, those that are part of no other, each in the order in which it passed them. A place that is on none
 * of them is a way of its own.
 */
export function findWays(places: readonly FilePlace[]): readonly (readonly number[])[] {
  const sets = new Map<
    string,
    { readonly places: readonly number[]; readonly packets: (readonly Sighting[])[] }
  >();
  for (const seen of readSightings(places, MOST_PACKETS)) {
    const shown = seen.map(({ file }) => file).sort((a, b) => a - b);
    const known = sets.get(shown.join());
    if (known === undefined) sets.set(shown.join(), { places: shown, packets: [seen] });
    else known.packets.push(seen);
  }
  const all = [...sets.values()];
  const ways = all
    .filter((one) => !all.some((other) => isPart(one.places, other.places)))
    .sort((a, b) => b.packets.length - a.packets.length)
    .slice(0, MOST_WAYS)
    .map((one) => orderWay(one.places, one.packets));
  const alone = places.flatMap((_, place) => (ways.some((way) => way.includes(place)) ? [] : [[place]]));
  return [...ways, ...alone];
}

function isPart(one: readonly number[], other: readonly number[]): boolean {
  return one.length < other.length && one.every((place) => other.includes(place));
}

function orderWay(shown: readonly number[], packets: readonly (readonly Sighting[])[]): readonly number[] {
  const own = packets.map((seen) => seen.map((one) => ({ ...one, file: shown.indexOf(one.file) })));
  const order = topologicalOrder(compareOnWay(own, shown.length));
  const indexes = order === null ? shown.map((_, index) => index) : [...order.placed, ...order.unplaced];
  return indexes.map((index) => shown[index]!);
}
