import { ETHERTYPE, hexType, IP_TYPE } from "./ethertype.js";
import { matchUdp, readNetwork, readPort } from "./udp.js";
import type { WireFormat } from "./types.js";

const HEADER_BYTES = 8;
/** From the UDP header to the inner Ethernet header's type without options, and to the inner IP header. */
const TYPE = 8 + HEADER_BYTES + 12;
const IP = TYPE + 2;

/**
 * Geneve (RFC 8926).
 *
 *     | version 2 bits, length of the options in 4-byte words 6 bits | flags 1 | protocol type 2 | VNI 3 | reserved 1 |
 *     | options | Ethernet frame, or what the protocol type says |
 *
 * The filter is for devices that send frames.
 */
export const geneve: WireFormat = {
  kind: "geneve",
  title: "Geneve",
  carrier: { over: "udp", usualPorts: [6081] },
  linkKinds: ["geneve"],
  // A device that is told the network with each packet has no VNI of its own.
  fields: { port: "always", vni: "maybe" },
  farEnd: ["encap", "remote"],
  farEndChecks: ["socket", "network"],
  overheadBytes: { 4: 50, 6: 70 },
  // CNIs put one or two of 8 bytes in; what is longer costs bytes of the inner packet.
  optionBytes: 32,
  wornBy({ data }, outer) {
    if (data["external"] !== true) {
      const network = readNetwork(data);
      return network === null ? null : { kind: "geneve", ...network, outer };
    }
    const port = readPort(data);
    return port === null ? null : { kind: "geneve", port, outer };
  },
  reach(worn, inner) {
    const { unit, shift, guards } = matchUdp(worn);
    const options = `((${unit}[${shift + 8}]&0x3f)<<2)`;
    const network = worn.vni === undefined ? [] : [`${unit}[${shift + 12}:4]>>8=${worn.vni}`];
    return {
      unit,
      base: `${shift + IP}+${options}`,
      guards: [
        ...guards,
        `${unit}[${shift + 8}]&0xc0=0`,
        `${unit}[${shift + 10}:2]=${hexType(ETHERTYPE.frame)}`,
        ...network,
        `${unit}[${shift + TYPE}+${options}:2]=${hexType(IP_TYPE[inner])}`,
      ],
    };
  },
  peel(bytes, at, into) {
    if (into.end - at < HEADER_BYTES || bytes[at]! >> 6 !== 0) return false;
    into.innerAt = at + HEADER_BYTES + ((bytes[at]! & 0x3f) << 2);
    into.innerType = (bytes[at + 2]! << 8) | bytes[at + 3]!;
    into.tunnelId = (bytes[at + 4]! << 16) | (bytes[at + 5]! << 8) | bytes[at + 6]!;
    return true;
  },
};
