import { ETHERTYPE, hexType, IP_TYPE, typeOfNext } from "./ethertype.js";
import { matchUdp, readNetwork, readPort } from "./udp.js";
import type { WireFormat } from "./types.js";

/** From the UDP header to the inner Ethernet header: UDP 8, VXLAN 8. */
const ETHERNET = 16;
/** … to the inner IP header: the Ethernet header's 14 more, its type in the last two. */
const IP = ETHERNET + 14;
const HEADER_BYTES = 8;
const VNI_PRESENT = 0x08;
const NEXT_PRESENT = 0x04;

/**
 * VXLAN (RFC 7348), and its generic extension (draft-ietf-nvo3-vxlan-gpe), which says what follows.
 *
 *     | flags 1 (0x08: VNI is valid, 0x04: next protocol is valid) | reserved 2 | reserved, or next protocol 1 |
 *     | VNI 3 | reserved 1 | Ethernet frame, or what the next protocol says |
 *
 * The filter is for devices that send frames.
 */
export const vxlan: WireFormat = {
  kind: "vxlan",
  title: "VXLAN",
  // IANA's port, the one Linux had before it, and the generic extension's.
  carrier: { over: "udp", usualPorts: [4789, 8472, 4790] },
  linkKinds: ["vxlan"],
  // A device that is told the network with each packet has no VNI of its own.
  fields: { port: "always", vni: "maybe" },
  farEnd: ["encap", "fdb"],
  farEndChecks: ["socket", "mac", "network"],
  overheadBytes: { 4: 50, 6: 70 },
  optionBytes: 0,
  wornBy({ data }, outer) {
    if (data["external"] === true) {
      const port = readPort(data);
      return port === null ? null : { kind: "vxlan", port, outer };
    }
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
        ...(worn.vni === undefined ? [] : [`${unit}[${shift + 12}:4]>>8=${worn.vni}`]),
        `${unit}[${shift + IP - 2}:2]=${hexType(IP_TYPE[inner])}`,
      ],
    };
  },
  peel(bytes, at, into) {
    if (into.end - at < HEADER_BYTES) return false;
    const flags = bytes[at]!;
    if ((flags & VNI_PRESENT) === 0) return false;
    into.innerAt = at + HEADER_BYTES;
    into.innerType = (flags & NEXT_PRESENT) === 0 ? ETHERTYPE.frame : typeOfNext(bytes[at + 3]!);
    into.tunnelId = (bytes[at + 4]! << 16) | (bytes[at + 5]! << 8) | bytes[at + 6]!;
    return true;
  },
};
