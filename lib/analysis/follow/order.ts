import { REPLY, REQUEST } from "./ends.js";
import type { Flow } from "./flow.js";
import type { PlaceSets } from "./sets.js";

/** The places of a flow's way, in the request's order, as far as it goes. */
export interface FlowOrder {
  /** Its requests go as the path does. */
  readonly isForward: boolean;
  readonly order: readonly number[];
  /** It was answered from behind its last place: nothing of it shows at these places of the path. */
  readonly beyond: readonly number[];
}

/** Where packets from an address go, by the votes of all flows: more than 0: as the path does. */
class Sides {
  private readonly votes = new Map<string, number>();

  add(ip: string, votes: number): void {
    this.votes.set(ip, this.of(ip) + votes);
  }

  of(ip: string): number {
    return this.votes.get(ip) ?? 0;
  }
}

/**
 * Finds for each flow on which of the given paths it goes, which way round, and how far. Places are in a path's own
 * order; a path says nothing about who is the client.
 */
export class Orders {
  /** By path, where it was wanted: most flows say themselves which way they go. */
  private readonly sides: (Sides | undefined)[] = [];

  constructor(
    readonly paths: readonly (readonly number[])[],
    private readonly flows: readonly Flow[],
    private readonly sets: PlaceSets,
  ) {}

  /** The index of the path whose places show most of a flow; null where none shows any of it. */
  findPath(flow: Flow): number | null {
    let best: number | null = null;
    let most = 0;
    for (const [index, path] of this.paths.entries()) {
      const packets = flow.countAt(path, (set, place) => this.sets.has(set, place));
      if (packets > most) [best, most] = [index, packets];
    }
    return best;
  }

  /** How a flow goes on a path that shows it. */
  onPath(flow: Flow, index: number): FlowOrder {
    const path = this.paths[index]!;
    const isForward = this.isForward(flow, index);
    return { isForward, ...this.trim(flow, isForward ? path : [...path].reverse()) };
  }

  /** Whether its requests go as the path does: by its own packets, else by where all flows' packets to and from its ends go, else as the path does. */
  isForward(flow: Flow, index: number): boolean {
    const votes = this.votes(flow, this.paths[index]!);
    if (votes !== 0) return votes > 0;
    const sides = (this.sides[index] ??= this.countSides(this.paths[index]!));
    return sides.of(flow.client.ip) >= sides.of(flow.server.ip);
  }

  private countSides(path: readonly number[]): Sides {
    const sides = new Sides();
    for (const flow of this.flows) {
      const votes = this.votes(flow, path);
      sides.add(flow.client.ip, votes);
      sides.add(flow.server.ip, -votes);
      if (flow.behind !== null) sides.add(flow.behind.ip, -votes);
    }
    return sides;
  }

  /**
   * More than 0 where requests pass the places in the path's order, or replies against it: by packets of
   * which it is sure where they came first, else by where they stop.
   */
  private votes(flow: Flow, path: readonly number[]): number {
    const { places } = this.sets;
    let [votes, guessed] = [0, 0];
    for (const { direction, order } of flow.records) {
      for (const { key, isSure, packets } of order) {
        const [from, to] = [Math.floor(key / places), key % places];
        const [first, last] = [path.indexOf(from), path.indexOf(to)];
        if (first < 0 || last < 0 || first === last) continue;
        const vote = first < last === (direction === REQUEST) ? packets : -packets;
        if (isSure) votes += vote;
        else guessed += vote;
      }
    }
    if (votes !== 0) return votes;
    return this.stops(flow, path) || guessed;
  }

  /** More than 0 where packets stop on their way, and do not appear in the midst of it, if requests go along the path. */
  private stops(flow: Flow, path: readonly number[]): number {
    const { sets } = this;
    const { records } = flow;
    const telling = path.filter((place) =>
      records.some(({ ways }) => ways.some(({ set }) => sets.has(set, place))),
    );
    const [first, last] = [telling[0]!, telling.at(-1)!];
    let [votes, whole] = [0, 0];
    for (const { direction, ways } of records)
      for (const { set, elsewhere, packets, copies } of ways) {
        const isAt = (place: number): boolean => sets.has(set, place) || sets.has(elsewhere.any, place);
        const singles = packets - copies;
        if (isAt(first) === isAt(last)) {
          whole += singles;
          continue;
        }
        votes += isAt(first) === (direction === REQUEST) ? singles : -singles;
      }
    // A few among many may as well be late copies.
    return Math.abs(votes) < whole ? 0 : votes;
  }

  /**
   * A flow begins where it first shows. It ends where it was answered from, if it was, and else at the path's end: what
   * is not answered should have come there.
   */
  private trim(flow: Flow, path: readonly number[]): Omit<FlowOrder, "isForward"> {
    const { records } = flow;
    const shows = path.map((place) =>
      records.some(({ ways }) => ways.some(({ set }) => this.sets.has(set, place))),
    );
    const [first, last] = [shows.indexOf(true), shows.lastIndexOf(true)];
    if (!flow.hasShown(REPLY)) return { order: path.slice(first), beyond: [] };
    return { order: path.slice(first, last + 1), beyond: path.slice(last + 1) };
  }
}
