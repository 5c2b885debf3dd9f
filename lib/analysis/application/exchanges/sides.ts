/** Who sent a packet: also the index of what is kept for each side. */
export const CLIENT = 0;
export const SERVER = 1;
export type Side = typeof CLIENT | typeof SERVER;

export const SIDE_NAMES = ["the client", "the server"] as const;

export function otherOf(side: Side): Side {
  return side === CLIENT ? SERVER : CLIENT;
}

/** What was asked less than this before the captures ended may have been answered behind their end. */
export const GRACE_US = 1_000_000;
