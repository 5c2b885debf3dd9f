import { sayWhy } from "../cluster/index.js";
import { canonicalIp } from "../linux/address.js";
import type { ClusterProfile } from "../model/cluster.js";
import { readHostOf, type ReadContext, type ReadEnd } from "./read-ends.js";

interface Placing extends ReadContext {
  readonly profile: Pick<ClusterProfile, "nodes">;
  /** The node of the other end, whose word it is. */
  readonly from: string;
  /** Where that node sends packets for the end: the far end of its tunnel, or the next hop. */
  readonly towards: string | null;
}

/**
 * An address that no pod is known to have, on the node that the other end's node sends its packets to; null where that is
 * none of the cluster's.
 */
export async function placeByRoute(outside: ReadEnd, placing: Placing): Promise<ReadEnd | null> {
  const { profile, from, towards, failures } = placing;
  if (outside.end.node !== null || towards === null) return null;
  const node = profile.nodes.find(
    ({ pod, address }) => pod === undefined && canonicalIp(address ?? "") === towards,
  )?.name;
  if (node === undefined || node === from) return null;
  const { ip } = outside.end;
  const failure = failures?.get(node);
  const unseen = failure === undefined ? `no pod there has the address ${ip}` : sayWhy(failure);
  return readHostOf({ ...outside.end, node, unseen }, placing);
}
