import type { ClusterProfile } from "../../model/cluster.js";

const LEASE_SECONDS = 20;
/** An API server that is restarted is silent for half a minute, and the captures are worth to be kept meanwhile. */
const API_LEASE_SECONDS = 60;

/** Without a sign of life from the client for so long what was started on the nodes ends. */
export function leaseSecondsOf({ nodes }: Pick<ClusterProfile, "nodes">): number {
  return nodes.some(({ access }) => "kube" in access) ? API_LEASE_SECONDS : LEASE_SECONDS;
}
