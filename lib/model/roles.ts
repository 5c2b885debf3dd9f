/** What a place is on a packet's way: one of those below, or what a hop recipe names by itself. */
export type HopRole = string;

/** How far from the pod a place is: packets on their way out come through them in this order. */
export const ROLE_RANKS: Readonly<Record<string, number>> = {
  pod: 0,
  "host-veth": 100,
  bridge: 200,
  "ovs-bridge": 300,
  overlay: 400,
  tunnel: 500,
  "vpc-interface": 600,
  nic: 700,
};

/** A place's rank: its own, or that of its role; that of a role that nobody knows is behind the host's side of the pod. */
export function rankOf({ role, rank }: { readonly role: HopRole; readonly rank?: number }): number {
  return rank ?? (Object.hasOwn(ROLE_RANKS, role) ? ROLE_RANKS[role] : undefined) ?? UNKNOWN_RANK;
}

const UNKNOWN_RANK = 150;
