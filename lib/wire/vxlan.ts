import { ETHERTYPE, matchUdp, readNetwork } from "./udp.js";
import type { WireFormat } from "./types.js";

/** From the UDP header to the inner Ethernet header: UDP 8, VXLAN 8. */
const ETHERNET = 16;
/** … to the inner IP header: the Ethernet header's 14 more, its type in the last two. */
const IP = ETHERNET + 14;
const HEADER_BYTES = 8;
const VNI_PRESENT = 0x08;

/**
 * VXLAN (RFC 7348).
 *
 *     | flags 1 (0x08: VNI is valid) | reserved 3 | VNI 3 | reserved 1 | Ethernet frame |
 */
export const vxlan: WireFormat = {
  kind: "vxlan",
  title: "VXLAN",
  // IANA's port and the one Linux had before it.
  carrier: { over: "udp", usualPorts: [4789, 8472] },
  linkKinds: ["vxlan"],
  fields: { port: "always", vni: "always" },
  farEnd: ["fdb"],
  farEndChecks: ["socket", "mac", "network"],
  overheadBytes: { 4: 50, 6: 70 },
  optionBytes: 0,
  wornBy({ data }, outer) {
    const network = readNetwork(data);
    return network === null ? null : { kind: "vxlan", ...network, outer };
  },
  reach(worn, inner) {
    const { unit, shift, guards } = matchUdp(worn);
    return {
      unit,
      base: String(shift + IP),
      guards: [
        ...guards,
        `${unit}[${shift + 12}:4]>>8=${worn.vni ?? 0}`,
        `${unit}[${shift + IP - 2}:2]=${ETHERTYPE[inner]}`,
      ],
    };
  },
  peel(bytes, at, into) {
    if (into.end - at < HEADER_BYTES || (bytes[at]! & VNI_PRESENT) === 0) return false;
    into.innerAt = at + HEADER_BYTES;
    into.innerIsFrame = true;
    into.tunnelId = (bytes[at + 4]! << 16) | (bytes[at + 5]! << 8) | bytes[at + 6]!;
    return true;
  },
};
