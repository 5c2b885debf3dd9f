import { REPLY, REQUEST } from "./ends.js";
import type { Flow } from "./flow.js";
import type { Orders } from "./order.js";
import type { PlaceSets } from "./sets.js";

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
    const [passed, shown] = [new Set<number>(), new Set<number>()];
    for (const flow of this.flows) {
      if (orders.findPath(flow) !== path) continue;
      const { ways } = flow.records[orders.isForward(flow, path) === isAlong ? REQUEST : REPLY];
      for (const { set, elsewhere } of ways) {
        const seen = places.map((place) => sets.has(set, place) || sets.has(elsewhere.any, place));
        const [first, last] = [seen.indexOf(true), seen.lastIndexOf(true)];
        for (const [at, place] of places.entries())
          if (seen[at]) shown.add(place);
          else if (at > first && at < last) passed.add(place);
      }
    }
    return new Set([...passed].filter((place) => !shown.has(place)));
  }
}
