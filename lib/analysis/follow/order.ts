import { REPLY, REQUEST } from "./ends.js";
import type { Flow } from "./flow.js";
import type { PlaceSets } from "./sets.js";

/** The places of a flow's way, in the request's order, as far as it goes. */
export interface FlowOrder {
  readonly order: readonly number[];
  /** Index of the path that it was found on. */
  readonly path: number;
  /** It was answered from behind its last place: nothing of it shows at these places of the path. */
  readonly beyond: readonly number[];
}

/** Where packets from an address go, by the votes of all flows: more than 0: as the path does. */
type Sides = ReadonlyMap<string, number>;

/**
 * Finds for each flow on which of the given paths it goes, which way round, and how far. Places are in a path's own
 * order; a path says nothing about who is the client.
 */
export class Orders {
  private readonly sides: readonly Sides[];
  private readonly sets: PlaceSets;
  /** Places whose clock was set by packets that went one way, as if they went along the path. */
  private readonly guessed: ReadonlySet<number>;

  constructor(
    private readonly paths: readonly (readonly number[])[],
    flows: readonly Flow[],
    { sets, guessed }: { readonly sets: PlaceSets; readonly guessed: ReadonlySet<number> },
  ) {
    this.sets = sets;
    this.guessed = guessed;
    this.sides = paths.map((path) => {
      const sides = new Map<string, number>();
      for (const flow of flows) {
        const votes = this.votes(flow, path);
        sides.set(flow.client.ip, (sides.get(flow.client.ip) ?? 0) + votes);
        sides.set(flow.server.ip, (sides.get(flow.server.ip) ?? 0) - votes);
        if (flow.behind !== null) sides.set(flow.behind.ip, (sides.get(flow.behind.ip) ?? 0) - votes);
      }
      return sides;
    });
  }

  /** null where no path has a place that shows the flow. */
  find(flow: Flow): FlowOrder | null {
    let best = -1;
    let most = 0;
    for (const [index, path] of this.paths.entries()) {
      const packets = this.packetsOn(flow, path);
      if (packets > most) [best, most] = [index, packets];
    }
    if (best < 0) return null;
    const path = this.paths[best]!;
    const isForward = this.isForward(flow, best);
    return { path: best, ...this.trim(flow, isForward ? path : [...path].reverse()) };
  }

  private isForward(flow: Flow, index: number): boolean {
    const votes = this.votes(flow, this.paths[index]!);
    if (votes !== 0) return votes > 0;
    const sides = this.sides[index]!;
    const side = (sides.get(flow.client.ip) ?? 0) - (sides.get(flow.server.ip) ?? 0);
    if (side !== 0) return side > 0;
    return true;
  }

  /**
   * More than 0 where requests pass the places in the path's order, or replies against it: by places whose clocks are
   * known, where there are any.
   */
  private votes(flow: Flow, path: readonly number[]): number {
    const { places } = this.sets;
    let [votes, guessed] = [0, 0];
    for (const { direction, order } of flow.records) {
      for (const { key, packets } of order) {
        const [from, to] = [Math.floor(key / places), key % places];
        const [first, last] = [path.indexOf(from), path.indexOf(to)];
        if (first < 0 || last < 0 || first === last) continue;
        const vote = first < last === (direction === REQUEST) ? packets : -packets;
        if (this.guessed.has(from) || this.guessed.has(to)) guessed += vote;
        else votes += vote;
      }
    }
    return votes === 0 ? guessed : votes;
  }

  private packetsOn(flow: Flow, path: readonly number[]): number {
    let packets = 0;
    for (const { ways } of flow.records)
      for (const way of ways)
        for (const place of path) if (this.sets.has(way.set, place)) packets += way.packets;
    return packets;
  }

  /**
   * A flow begins where it first shows. It ends where it was answered from, if it was, and else at the path's end: what
   * is not answered should have come there.
   */
  private trim(flow: Flow, path: readonly number[]): Pick<FlowOrder, "order" | "beyond"> {
    const shows = path.map((place) =>
      flow.records.some(({ ways }) => ways.some(({ set }) => this.sets.has(set, place))),
    );
    const [first, last] = [shows.indexOf(true), shows.lastIndexOf(true)];
    const isAnswered = flow.records[REPLY].ways.length > 0;
    if (!isAnswered) return { order: path.slice(first), beyond: [] };
    return { order: path.slice(first, last + 1), beyond: path.slice(last + 1) };
  }
}
