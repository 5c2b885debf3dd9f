import { IP6_HEADER_BYTES } from "./udp.js";
import type { WireFormat } from "./types.js";

const LEAST_HEADER_BYTES = 20;
/** By the inner version. */
const PROTOCOLS = { 4: 4, 6: 41 } as const;
/** An IPv4 header's length is in its own first byte. */
const OUTER_BYTES = "((ip[0]&0xf)<<2)";
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
    const protocol = PROTOCOLS[inner];
    if (outer === 6) {
      const guards = [`ip6[6]=${protocol}`, `ip6[${IP6_HEADER_BYTES}]&0xf0=${VERSION[inner]}`];
      return { unit: "ip6", base: String(IP6_HEADER_BYTES), guards };
    }
    return {
      unit: "ip",
      base: OUTER_BYTES,
      // Beyond the first fragment there is no inner header.
      guards: [`ip proto ${protocol}`, "ip[6:2]&0x1fff=0", `ip[${OUTER_BYTES}]&0xf0=${VERSION[inner]}`],
    };
  },
  peel(bytes, at, into) {
    if (into.end - at < LEAST_HEADER_BYTES) return false;
    if (bytes[at]! >> 4 !== (into.protocol === PROTOCOLS[4] ? 4 : 6)) return false;
    into.innerAt = at;
    into.innerIsFrame = false;
    into.tunnelId = -1;
    return true;
  },
};
