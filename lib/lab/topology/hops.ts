import type { Cluster } from "../cluster/types.js";
import type { Topology } from "./types.js";

export type HopRole = "pod" | "host-veth" | "bridge" | "tunnel" | "nic";

export interface HopPlace {
  readonly node: string;
  readonly role: HopRole;
}

/** The places that a packet of the client passes on its way to a server. On one node a bridge is no place of its own. */
export function listHops(
  { attachment, carriage }: Pick<Topology, "attachment" | "carriage">,
  { near, far }: Cluster,
): HopPlace[] {
  const roles: HopRole[] =
    near === far
      ? ["pod", "host-veth"]
      : ["pod", ...attachment.roles, ...(carriage.tunnel === null ? [] : (["tunnel"] as const)), "nic"];
  const at = (node: string) => (role: HopRole) => ({ node, role });
  return [...roles.map(at(near.name)), ...roles.toReversed().map(at(far.name))];
}
