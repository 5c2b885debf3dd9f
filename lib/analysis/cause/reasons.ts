import type { CauseCode } from "./codes.js";

const NETFILTER: readonly CauseCode[] = ["netfilter-drop", "rejected-by-netfilter"];
const ROUTE: readonly CauseCode[] = ["route-missing", "route-blackhole"];

/** Causes that a drop reason stands for (include/net/dropreason-core.h). */
const BY_REASON: ReadonlyMap<string, readonly CauseCode[]> = new Map([
  ["NETFILTER_DROP", NETFILTER],
  ["NO_TX_TARGET", ["fdb-entry-missing", "neighbour-mac-wrong"]],
  ["NO_SOCKET", ["fdb-wrong-destination", "tunnel-socket-missing", "no-listener", "link-down"]],
  ["IP_RPFILTER", ["rp-filter"]],
  ["IP_INNOROUTES", ROUTE],
  ["IP_OUTNOROUTES", ROUTE],
  ["OTHERHOST", ["neighbour-mac-wrong"]],
  ["NEIGH_FAILED", ["neighbour-missing"]],
  ["NEIGH_QUEUEFULL", ["neighbour-missing"]],
  ["PKT_TOO_BIG", ["mtu-exceeded"]],
  ["UDP_CSUM", ["checksum-error"]],
  ["TCP_CSUM", ["checksum-error"]],
  ["SKB_CSUM", ["checksum-error"]],
  ["ICMP_CSUM", ["checksum-error"]],
  ["DEV_READY", ["link-down"]],
]);

/** The same by the kernel's function, where the reason does not tell. */
const BY_LOCATION: ReadonlyMap<string, readonly CauseCode[]> = new Map([
  ["nft_do_chain", NETFILTER],
  ["ipt_do_table", NETFILTER],
  ["nf_hook_slow", NETFILTER],
  ["ip_error", ROUTE],
  ["br_dev_queue_push_xmit", ["mtu-exceeded"]],
  ["arp_error_report", ["neighbour-missing"]],
]);

/** Causes that a drop event fits; empty where it speaks for none in particular. */
export function codesOf(location: string, reason: string): readonly CauseCode[] {
  return BY_REASON.get(reason) ?? BY_LOCATION.get(location) ?? [];
}
