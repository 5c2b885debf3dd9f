import { makeCluster } from "../cluster/make.js";
import { findTopology } from "./registry.js";
import type { Blueprint, Topology } from "./types.js";

/** Throws USAGE for a topology there is not, or a number of nodes that the lab has no names for. */
export function makeBlueprint(topologyName: string, nodeCount: number): Blueprint {
  return build(findTopology(topologyName), nodeCount);
}

function build(topology: Topology, nodeCount: number): Blueprint {
  const cluster = makeCluster(topology, nodeCount);
  const { ipv6 } = topology;
  return { topology, cluster, ipv6: ipv6 === undefined ? null : build(ipv6, nodeCount) };
}
