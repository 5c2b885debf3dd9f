import { makeCluster } from "../cluster/make.js";
import type { Cluster } from "../cluster/types.js";
import { findTopology } from "./registry.js";
import type { Topology } from "./types.js";

/** A topology and the cluster that is built by it. */
export interface Blueprint {
  readonly topology: Topology;
  readonly cluster: Cluster;
}

/** Throws USAGE for a topology there is not, or a number of nodes that the lab has no names for. */
export function makeBlueprint(topologyName: string, nodeCount: number): Blueprint {
  const topology = findTopology(topologyName);
  return { topology, cluster: makeCluster(topology, nodeCount) };
}
