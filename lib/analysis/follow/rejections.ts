import type { Sighting } from "./sightings.js";

const MOST_KINDS = 64;

/** ICMP errors of one kind from one sender about a flow's packets. */
export interface Rejection {
  /** Direction of the packets that were refused: 0 requests, 1 replies. */
  readonly direction: number;
  readonly ip: string;
  /** "ICMP port unreachable". */
  readonly how: string;
  /** The packet was too big for the next hop: it may be sent again in smaller ones. */
  readonly isTooBig: boolean;
  /** By place. */
  readonly counts: number[];
  /** The first sighting at each place that showed it. */
  readonly sightings: Sighting[];
}

/** Finds the kind in a list, or adds it; undefined where there are too many kinds. */
export function rejectionOf(
  list: Rejection[],
  kind: Omit<Rejection, "counts" | "sightings">,
  places: number,
): Rejection | undefined {
  const known = list.find(
    (one) => one.direction === kind.direction && one.ip === kind.ip && one.how === kind.how,
  );
  if (known !== undefined || list.length >= MOST_KINDS) return known;
  const fresh: Rejection = { ...kind, counts: new Array<number>(places).fill(0), sightings: [] };
  list.push(fresh);
  return fresh;
}

export function noteRejection(rejection: Rejection, sighting: Sighting): void {
  const { source } = sighting;
  if (rejection.counts[source] === 0) rejection.sightings.push(sighting);
  rejection.counts[source]!++;
}

/** Adds the errors that a connection met to those of its flow, and gives these. */
export function mergeRejections(
  into: Rejection[],
  from: readonly Rejection[],
  places: number,
): readonly Rejection[] {
  for (const one of from) {
    const known = rejectionOf(into, one, places);
    if (known === undefined) continue;
    for (const [place, count] of one.counts.entries()) {
      if (known.counts[place] === 0)
        known.sightings.push(...one.sightings.filter(({ source }) => source === place));
      known.counts[place]! += count;
    }
  }
  return into;
}
