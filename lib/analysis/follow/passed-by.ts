import { REPLY, REQUEST } from "./ends.js";
import type { Flow } from "./flow.js";
import type { Orders } from "./order.js";
import type { PlaceSets } from "./sets.js";

const NOTHING: ReadonlySet<number> = new Set();

/**
 * Places that no packet going one way along a path shows at, though packets were seen before and behind them: a flow that
 * shows nothing behind such a place was not lost in front of it. Looked for once for each way, and only where it is asked.
 */
export class PassedBy {
  private readonly known = new Map<string, ReadonlySet<number>>();

  constructor(
    private readonly orders: Orders,
    private readonly flows: readonly Flow[],
    private readonly sets: PlaceSets,
    /** The sets of places that showed a packet. */
    private readonly shown: ReadonlySet<number>,
  ) {}

  /** `path` is an index of the orders' paths; `isAlong`: packets go in its order. */
  of(path: number, isAlong: boolean): ReadonlySet<number> {
    const key = `${path} ${isAlong}`;
    let found = this.known.get(key);
    if (found === undefined) this.known.set(key, (found = this.find(path, isAlong)));
    return found;
  }

  private find(path: number, isAlong: boolean): ReadonlySet<number> {
    const { orders, sets } = this;
    const places = orders.paths[path]!;
    const holes = new Map([...this.shown].map((set) => [set, this.holesOf(set, places)]));
    if ([...holes.values()].every(({ length }) => length === 0)) return NOTHING;
    const [passed, shown] = [new Set<number>(), new Set<number>()];
    for (const flow of this.flows) {
      if (orders.findPath(flow) !== path) continue;
      const { ways } = flow.records[orders.isForward(flow, path) === isAlong ? REQUEST : REPLY];
      for (const { set, elsewhere } of ways) {
        for (const place of places)
          if (sets.has(set, place) || sets.has(elsewhere.any, place)) shown.add(place);
        for (const place of holes.get(set)!) passed.add(place);
      }
    }
    return new Set([...passed].filter((place) => !shown.has(place)));
  }

  /** Places that a set has none of, between two that it has. */
  private holesOf(set: number, places: readonly number[]): readonly number[] {
    const seen = places.map((place) => this.sets.has(set, place));
    const [first, last] = [seen.indexOf(true), seen.lastIndexOf(true)];
    return places.filter((_, at) => !seen[at] && at > first && at < last);
  }
}
