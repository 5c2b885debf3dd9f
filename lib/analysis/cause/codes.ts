/** Every cause there is, with what it stands for. A cause outside this table cannot be said. */
export const CAUSE_CODES = {
  "netfilter-drop": "A firewall rule or policy dropped the packets",
  "rejected-by-netfilter": "A firewall rule answered with a refusal",
  "fdb-entry-missing": "The tunnel does not know which node the next hop's MAC lives on",
  "fdb-wrong-destination": "The tunnel sends the packets to another host than the far node",
  "neighbour-missing": "The next hop's MAC is not known",
  "neighbour-mac-wrong": "The next hop's MAC is not the one it has",
  "link-down": "A device on the way is down",
  "mtu-exceeded": "The packets are larger than a device on the way takes",
  "route-missing": "A node has no route that leads on",
  "route-blackhole": "A route throws the packets away on purpose",
  "rp-filter": "The reverse path filter threw the packets away",
  "no-listener": "Nothing listens on the port in the far pod",
  "checksum-error": "The receiver threw the packets away for a wrong checksum",
  "tunnel-socket-missing": "The far node does not listen on the tunnel's port",
} as const;

export type CauseCode = keyof typeof CAUSE_CODES;
