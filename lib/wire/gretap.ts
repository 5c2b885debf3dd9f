import { ETHERTYPE, hexType, IP_TYPE } from "./ethertype.js";
import { GRE_OPTION_BYTES, GRE_PROTOCOL, matchGre, openGre, wornGre } from "./gre-packet.js";
import { plus } from "./ip.js";
import type { WireFormat } from "./types.js";

/** Destination 6, source 6; then the type. */
const TYPE = 12;

/** GRE around Ethernet frames: transparent Ethernet bridging (RFC 1701), NVGRE (RFC 7637). */
export const gretap: WireFormat = {
  kind: "gretap",
  title: "GRE (Ethernet)",
  carrier: { over: "ip", protocols: { 4: GRE_PROTOCOL, 6: GRE_PROTOCOL } },
  linkKinds: ["gretap", "ip6gretap"],
  // The identifier is the key.
  fields: { vni: "maybe" },
  farEnd: ["remote"],
  farEndChecks: ["mac"],
  overheadBytes: { 4: 38, 6: 58 },
  optionBytes: GRE_OPTION_BYTES,
  wornBy: ({ data }, outer) => wornGre("gretap", data, outer),
  reach(worn, inner) {
    const { unit, base, guards } = matchGre(worn, hexType(ETHERTYPE.frame));
    const type = `${unit}[${plus(base, TYPE)}:2]=${hexType(IP_TYPE[inner])}`;
    return { unit, base: plus(base, TYPE + 2), guards: [...guards, type] };
  },
  peel: (bytes, at, into) => openGre(bytes, at, into) && into.innerType === ETHERTYPE.frame,
};
