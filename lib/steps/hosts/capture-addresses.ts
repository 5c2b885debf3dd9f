import { targetOf } from "../../model/hops.js";
import type { StepContext } from "../../model/steps.js";
import { filterAt, narrowed } from "../capture-points.js";
import { freeId, joinPoints, type Joining, type Point } from "../join/join-points.js";
import { filterOfHosts } from "./filter.js";

interface Addresses {
  readonly fresh: readonly string[];
  /** Captured already, by others. */
  readonly before: readonly string[];
  /** What has to fit as well. */
  readonly filter: string;
}

/** Captures packets of new addresses at a node's points; false where there are none any more, or the captures end. */
export async function captureAddresses(
  node: string,
  { fresh, before, filter }: Addresses,
  { joining, context }: { readonly joining: Joining; readonly context: StepContext },
): Promise<boolean> {
  const { held, begun } = joining;
  const gone = (point: Point): boolean =>
    point.pod !== null && held.departures?.there.includes(point) !== true;
  // Where captures joined already, one of them is enough.
  const places = new Map<string, Point>();
  for (const point of held.departures?.points ?? []) {
    const key = JSON.stringify([targetOf(point), point.netns, point.interface]);
    if (point.node === node && !gone(point) && !places.has(key)) places.set(key, point);
  }
  if (places.size === 0) return false;
  const others = filterOfHosts(before, "");
  const wanted = filterOfHosts(fresh, filter);
  // Of what has both the file that was there first has it.
  const own =
    before.length === 0 ? wanted : `not (${others}) and ${wanted.startsWith("(") ? wanted : `(${wanted})`}`;
  return joinPoints(
    node,
    (taken) =>
      Promise.resolve(
        [...places.values()].map((point): Point => {
          const id = freeId(point.id, taken);
          return {
            ...point,
            id,
            name: `${point.name} ${id.split(".").at(-1) ?? ""}`,
            filter: filterAt(point, narrowed(own, point), begun.tools),
            pcap: `captures/${point.node}/${id}.pcap`,
          };
        }),
      ),
    { joining, context },
  );
}
