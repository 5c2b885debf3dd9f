import { append } from "../tables/append.js";
import { mergeRejections, type Rejection } from "../rejections.js";
import type { Tuples } from "../tables/tuples.js";
import { REQUEST } from "../ends.js";
import { NONE, type InFlight } from "../flight.js";
import type { Connection } from "./connection.js";
import type { Connections } from "./connections.js";

interface Joined {
  /** A packet of it has shown as one of `behind`, which its place showed first. */
  readonly before: Connection;
  readonly behind: Connection;
  readonly direction: 0 | 1;
}

interface State {
  readonly flight: InFlight;
  readonly tuples: Tuples;
  readonly connections: Connections;
}

/** Makes one connection of two that are one, translated; gives it: that of a flow of interest, or the one in front. */
export function join({ before, behind, direction }: Joined, state: State): Connection {
  const [kept, gone] = behind.target >= 0 ? [behind, before] : [before, behind];
  const inFront = direction === REQUEST ? before : behind;
  kept.front = inFront.front;
  kept.isFragmented ||= gone.isFragmented;
  for (const way of [0, 1] as const) {
    const [first, second] = way === direction ? [before, behind] : [behind, before];
    const { base, isBaseSure } = (first.streams[way].base === NONE ? second : first).streams[way];
    moveInFlight(way, { kept, gone }, state.flight);
    Object.assign(kept.streams[way], { base, isBaseSure });
  }
  kept.story.absorb(gone.story);
  const met: Rejection[] = [];
  for (const { rejections } of [kept, gone]) mergeRejections(met, rejections ?? [], state.connections.places);
  kept.rejections = met;
  kept.talk = inFront.talk;
  kept.heardAt = inFront.heardAt;
  kept.signs = inFront.signs;
  for (const row of gone.rows) {
    if (state.tuples.connectionOf(row) === gone.index) state.tuples.connect(row, kept.index);
    if (!kept.rows.includes(row)) kept.rows = append(kept.rows, row);
  }
  kept.inFlight += gone.inFlight;
  state.connections.drop(gone);
  return kept;
}

/** Packets in flight of one direction: their bytes are counted from the other connection's first, in the order of time. */
function moveInFlight(
  way: 0 | 1,
  { kept, gone }: { readonly kept: Connection; readonly gone: Connection },
  flight: InFlight,
): void {
  const [to, from] = [kept.streams[way], gone.streams[way]];
  const shift = to.adopt(from);
  for (let slot = from.newest; slot !== NONE; slot = flight.olderOfStream[slot]!) {
    flight.connection[slot] = kept.index;
    flight.rangeStart[slot]! += shift;
    flight.rangeEnd[slot]! += shift;
  }
  let [one, other, newer] = [to.newest, from.newest, NONE as number];
  to.newest = NONE;
  while (one !== NONE || other !== NONE) {
    const isOne = other === NONE || (one !== NONE && flight.firstUs[one]! >= flight.firstUs[other]!);
    const next = isOne ? one : other;
    if (isOne) one = flight.olderOfStream[one]!;
    else other = flight.olderOfStream[other]!;
    flight.newerOfStream[next] = newer;
    flight.olderOfStream[next] = NONE;
    if (newer === NONE) to.newest = next;
    else flight.olderOfStream[newer] = next;
    newer = next;
  }
}
