import { IP_TYPE } from "./ethertype.js";
import { IP6_HEADER_BYTES, matchIp } from "./ip.js";
import type { WireFormat } from "./types.js";

const LEAST_HEADER_BYTES = 20;
/** By the inner version. */
const PROTOCOLS = { 4: 4, 6: 41 } as const;
/** The version in an IP header's first byte. */
const VERSION = { 4: "0x40", 6: "0x60" } as const;

/** IP in IP (RFC 2003, RFC 2473, RFC 4213): the inner header follows the outer one at once. */
export const ipip: WireFormat = {
  kind: "ipip",
  title: "IPIP",
  carrier: { over: "ip", protocols: PROTOCOLS },
  linkKinds: ["ipip", "ip6tnl", "sit"],
  fields: {},
  // A device for all nodes has no remote of its own: each route's next hop is the far node.
  farEnd: ["remote", "gateway"],
  farEndChecks: [],
  overheadBytes: { 4: LEAST_HEADER_BYTES, 6: IP6_HEADER_BYTES },
  optionBytes: 0,
  wornBy: (_link, outer) => ({ kind: "ipip", outer }),
  reach({ outer }, inner) {
    const { unit, base, guards } = matchIp(outer, PROTOCOLS[inner]);
    return { unit, base, guards: [...guards, `${unit}[${base}]&0xf0=${VERSION[inner]}`] };
  },
  peel(bytes, at, into) {
    if (into.end - at < LEAST_HEADER_BYTES) return false;
    const version = into.protocol === PROTOCOLS[4] ? 4 : 6;
    if (bytes[at]! >> 4 !== version) return false;
    into.innerAt = at;
    into.innerType = IP_TYPE[version];
    into.tunnelId = -1;
    return true;
  },
};
