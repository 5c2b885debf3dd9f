import { narrowed } from "../capture-points.js";

/** Behind that a filter grows beyond what tcpdump compiles in good time. */
export const MOST_ADDRESSES = 64;

/** All packets from or to the addresses that fit `filter` too. Words like `vlan` change what stands behind them: it comes last. */
export function filterOfHosts(addresses: readonly string[], filter: string): string {
  return narrowed(filter.trim(), { only: addresses.map((ip) => `host ${ip}`).join(" or ") });
}
