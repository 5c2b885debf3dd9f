import { sayWhy } from "../cluster/index.js";
import { canonicalIp } from "../linux/address.js";
import type { Neighbour } from "../linux/neighbours.js";
import { readHostOf, type ReadContext, type ReadEnd } from "./read-ends.js";

interface Placing extends ReadContext {
  /** The node of the other end, whose word it is. */
  readonly from: string;
  /** Where that node sends packets for the end: the far end of its tunnel, or the next hop. */
  readonly towards: string | null;
  /** That node's. */
  readonly neighbours: readonly Neighbour[];
}

/**
 * An address that no pod is known to have, on the node that the other end's node sends its packets to; null where that is
 * none of the cluster's.
 */
export async function placeByRoute(outside: ReadEnd, placing: Placing): Promise<ReadEnd | null> {
  const { profile, from, towards, failures, neighbours } = placing;
  if (outside.end.node !== null || towards === null) return null;
  const hops = namesOf(towards, neighbours);
  const node = profile.nodes.find(
    ({ pod, address }) => pod === undefined && hops.includes(canonicalIp(address ?? "") ?? ""),
  )?.name;
  if (node === undefined || node === from) return null;
  const failure = failures?.get(node);
  const unseen = failure === undefined ? "no pod there has that address" : sayWhy(failure);
  return readHostOf({ ...outside.end, node, unseen }, placing);
}

/** A next hop by its link-local address is named in no profile: what else has its MAC on that device is the same one. */
function namesOf(ip: string, neighbours: readonly Neighbour[]): readonly string[] {
  const same = neighbours.filter((entry) => entry.ip === ip && entry.mac !== null);
  const others = neighbours.filter(({ mac, dev }) =>
    same.some((entry) => entry.mac === mac && entry.dev === dev),
  );
  return [ip, ...others.map((entry) => entry.ip)];
}
