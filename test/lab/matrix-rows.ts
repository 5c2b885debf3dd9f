/** What each fault of the lab does to each kind of traffic. */

export type Traffic = "ping" | "ping-large" | "http" | "tcp-connect" | "dns-udp";
export interface Expected {
  readonly where: string;
  /** null: no cause may be said; undefined: not judged. */
  readonly cause: readonly string[] | null | undefined;
}
export interface Row {
  readonly fault: string | null;
  readonly all?: Expected;
  readonly only?: Partial<Record<Traffic, Expected>>;
}

export const DELIVERED: Expected = { where: "delivered", cause: null };
const lost = (way: string, ...cause: string[]): Expected => ({ where: `lost ${way}`, cause });
const NIC_TO_NIC = "request a:nic>b:nic";
const TUNNEL_TO_POD_B = "request b:tunnel>b:host-veth";
const UNANSWERED = "unanswered b:pod>-";

export const ROWS: readonly Row[] = [
  { fault: null, all: DELIVERED, only: { "ping-large": DELIVERED } },
  { fault: "forward-drop-a", all: lost("request a:host-veth>a:tunnel", "netfilter-drop") },
  { fault: "route-blackhole-a", all: lost("request a:host-veth>a:tunnel", "route-blackhole") },
  { fault: "fdb-missing", all: lost("request a:tunnel>a:nic", "fdb-entry-missing") },
  { fault: "fdb-wrong-host", all: lost(NIC_TO_NIC, "fdb-wrong-destination") },
  { fault: "wrong-neighbour-mac", all: lost(TUNNEL_TO_POD_B, "neighbour-mac-wrong") },
  { fault: "underlay-cut", all: { where: `lost ${NIC_TO_NIC}`, cause: null } },
  { fault: "nic-down-b", all: lost(NIC_TO_NIC, "link-down") },
  { fault: "nic-ingress-drop-b", all: lost("request b:nic>b:tunnel", "netfilter-drop") },
  { fault: "tunnel-input-drop-b", all: lost("request b:nic>b:tunnel", "netfilter-drop") },
  { fault: "forward-drop-b", all: lost(TUNNEL_TO_POD_B, "netfilter-drop") },
  { fault: "pod-route-missing-b", all: lost(TUNNEL_TO_POD_B, "route-missing", "route-blackhole") },
  { fault: "rp-filter-b", all: lost(TUNNEL_TO_POD_B, "rp-filter") },
  { fault: "pod-input-drop", all: { where: UNANSWERED, cause: ["netfilter-drop"] } },
  {
    fault: "closed-port",
    all: { where: "rejected request b:pod>-", cause: ["no-listener"] },
    only: { ping: DELIVERED },
  },
  { fault: "reply-drop-b", all: lost("reply b:host-veth>b:tunnel", "netfilter-drop") },
  {
    fault: "mtu-hole",
    all: DELIVERED,
    only: { "ping-large": lost(NIC_TO_NIC, "mtu-exceeded") },
  },
  {
    fault: "bad-checksum",
    all: { where: UNANSWERED, cause: ["checksum-error"] },
    only: { ping: DELIVERED },
  },
];

/**
 * The rows of the faults that are named, separated by commas; "none" is the row without one, and no text means all. Throws where a
 * name is no row's: a selection that is empty must not pass.
 */
export function selectRows(wanted: string): readonly Row[] {
  if (wanted === "") return ROWS;
  const names = wanted.split(",").map((name) => name.trim());
  const known = ROWS.map(({ fault }) => fault ?? "none");
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new Error(
      `The matrix has no row ${unknown.map((name) => JSON.stringify(name)).join(", ")}: it has ${known.join(", ")}`,
    );
  return ROWS.filter(({ fault }) => names.includes(fault ?? "none"));
}
