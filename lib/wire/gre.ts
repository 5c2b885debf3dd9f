import { ETHERTYPE, hexType, IP_TYPE } from "./ethertype.js";
import { GRE_OPTION_BYTES, GRE_PROTOCOL, matchGre, openGre, wornGre } from "./gre-packet.js";
import type { WireFormat } from "./types.js";

/** GRE around IP packets, and around what else it carries but frames (RFC 2784, RFC 2890). */
export const gre: WireFormat = {
  kind: "gre",
  title: "GRE",
  carrier: { over: "ip", protocols: { 4: GRE_PROTOCOL, 6: GRE_PROTOCOL } },
  linkKinds: ["gre", "ip6gre"],
  // The identifier is the key.
  fields: { vni: "maybe" },
  // A device for all nodes has no remote of its own: each route's next hop is the far node.
  farEnd: ["remote", "gateway"],
  farEndChecks: [],
  overheadBytes: { 4: 24, 6: 44 },
  optionBytes: GRE_OPTION_BYTES,
  wornBy: ({ data }, outer) => wornGre("gre", data, outer),
  reach: (worn, inner) => matchGre(worn, hexType(IP_TYPE[inner])),
  peel: (bytes, at, into) => openGre(bytes, at, into) && into.innerType !== ETHERTYPE.frame,
};
