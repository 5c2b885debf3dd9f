import { formatIp } from "./address.js";
import { ICMP } from "./icmp.js";
import { ICMPV6 } from "./icmpv6.js";
import type { Packet } from "./packet.js";

const UNREACHABLE: Readonly<Record<number, string>> = {
  0: "net unreachable",
  1: "host unreachable",
  2: "protocol unreachable",
  3: "port unreachable",
  4: "fragmentation needed",
  5: "source route failed",
  9: "net administratively prohibited",
  10: "host administratively prohibited",
  13: "communication administratively prohibited",
};

const UNREACHABLE6: Readonly<Record<number, string>> = {
  0: "no route to destination",
  1: "communication administratively prohibited",
  2: "beyond scope of source address",
  3: "address unreachable",
  4: "port unreachable",
  5: "source address failed policy",
  6: "reject route to destination",
};

/** What an ICMP or ICMPv6 packet is, for people: "ICMP port unreachable" (RFC 792, 1812, 4443). */
export function nameIcmp(packet: Packet): string {
  const [type, code] = [packet.icmpType, packet.icmpCode];
  return packet.version === 6 ? `ICMPv6 ${nameV6(type, code, packet)}` : `ICMP ${nameV4(type, code, packet)}`;
}

function nameV4(type: number, code: number, packet: Packet): string {
  if (type === ICMP.echoRequest) return "echo request";
  if (type === ICMP.echoReply) return "echo reply";
  if (type === ICMP.unreachable) return (UNREACHABLE[code] ?? `unreachable code ${code}`) + nameMtu(packet);
  if (type === ICMP.timeExceeded) return code === 1 ? "reassembly time exceeded" : "time exceeded";
  return `type ${type} code ${code}`;
}

function nameV6(type: number, code: number, packet: Packet): string {
  if (type === ICMPV6.echoRequest) return "echo request";
  if (type === ICMPV6.echoReply) return "echo reply";
  if (type === ICMPV6.unreachable) return UNREACHABLE6[code] ?? `unreachable code ${code}`;
  if (type === ICMPV6.tooBig) return `packet too big${nameMtu(packet)}`;
  if (type === ICMPV6.timeExceeded) return code === 1 ? "reassembly time exceeded" : "time exceeded";
  if (type === ICMPV6.neighbourSolicitation) return `neighbour solicitation for ${targetOf(packet)}`;
  if (type === ICMPV6.neighbourAdvertisement) return `neighbour advertisement of ${targetOf(packet)}`;
  return `type ${type} code ${code}`;
}

function targetOf(packet: Packet): string {
  const { neighbourTarget0, neighbourTarget1, neighbourTarget2, neighbourTarget3 } = packet;
  return formatIp(6, [neighbourTarget0, neighbourTarget1, neighbourTarget2, neighbourTarget3]);
}

function nameMtu(packet: Packet): string {
  return packet.icmpMtu > 0 ? ` (MTU ${packet.icmpMtu})` : "";
}
