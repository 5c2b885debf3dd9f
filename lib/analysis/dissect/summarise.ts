import { USUAL_OPENERS } from "../../wire/open.js";
import { formatIp, formatMac } from "./address.js";
import { ARP } from "./arp.js";
import { dissectQuote } from "./dissect.js";
import { nameIcmp } from "./icmp-names.js";
import { ICMPV6 } from "./icmpv6.js";
import { Packet, PROTOCOL, STOP } from "./packet.js";
import { TCP } from "./tcp.js";

/** One line for people: "ICMP echo request seq 3, 192.168.1.2 → 192.168.2.3, 84 B". */
export function summarise(packet: Packet, bytes: Uint8Array): string {
  if (packet.arpOperation > 0) return describeArp(packet, bytes) + describeTunnel(packet);
  if (packet.version === 0) return packet.stop === STOP.notIp ? "not IP" : "IP packet cut short";
  const size = `${packet.ipBytes} B`;
  return `${describe(packet, bytes)}, ${size}${describeTunnel(packet)}`;
}

function describeArp(packet: Packet, bytes: Uint8Array): string {
  const [sender, target] = [formatIp(4, [packet.arpSender]), formatIp(4, [packet.arpTarget])];
  const mac = formatMac(bytes, packet.arpSenderMacAt);
  if (packet.arpOperation === ARP.request) return `ARP request: who has ${target}? asks ${sender} at ${mac}`;
  if (packet.arpOperation === ARP.reply) return `ARP reply: ${sender} is at ${mac}, to ${target}`;
  return `ARP operation ${packet.arpOperation}, ${sender} → ${target}`;
}

/** What the packet is in, with its network: `, in TITLE 4096`. */
function describeTunnel({ worn, tunnelId }: Packet): string {
  if (worn === null) return "";
  return `, in ${worn.title}${tunnelId < 0 ? "" : ` ${tunnelId}`}`;
}

export function sourceOf(packet: Packet): string {
  return formatIp(packet.version, [packet.source0, packet.source1, packet.source2, packet.source3]);
}

export function destinationOf(packet: Packet): string {
  const { destination0, destination1, destination2, destination3 } = packet;
  return formatIp(packet.version, [destination0, destination1, destination2, destination3]);
}

function describe(packet: Packet, bytes: Uint8Array): string {
  const way = `${sourceOf(packet)} → ${destinationOf(packet)}`;
  if (packet.fragmentOffset > 0)
    return `${nameProtocol(packet.protocol)} fragment at ${packet.fragmentOffset} of IP id ${packet.ipId >>> 0}, ${way}`;
  if (packet.stop === STOP.opaque) return `${packet.sealedTitle}, ${way}`;
  if (packet.stop !== STOP.none) return `${nameProtocol(packet.protocol)}, ${way}`;
  const fragment = packet.moreFragments === 1 ? " (first fragment)" : "";
  if (packet.protocol === PROTOCOL.tcp) return describeTcp(packet) + fragment;
  if (packet.protocol === PROTOCOL.udp)
    return `UDP ${describePorts(packet)}, ${packet.payloadBytes} B payload${fragment}`;
  const isEcho = packet.quoteAt < 0 && !isNeighbour(packet);
  const echo = isEcho ? ` seq ${packet.icmpSequence}` : "";
  return `${nameIcmp(packet)}${echo}, ${way}${fragment}${describeQuote(packet, bytes)}`;
}

function isNeighbour({ version, icmpType }: Packet): boolean {
  const { neighbourSolicitation, neighbourAdvertisement } = ICMPV6;
  return version === 6 && (icmpType === neighbourSolicitation || icmpType === neighbourAdvertisement);
}

function describeTcp(packet: Packet): string {
  const ack = (packet.tcpFlags & TCP.ack) === 0 ? "" : ` ack ${packet.acknowledgement >>> 0}`;
  const seq = `seq ${packet.sequence >>> 0}`;
  return `TCP ${describePorts(packet)} [${nameFlags(packet.tcpFlags)}] ${seq}${ack} len ${packet.payloadBytes}`;
}

function describePorts(packet: Packet): string {
  const host = (ip: string): string => (packet.version === 6 ? `[${ip}]` : ip);
  const from = `${host(sourceOf(packet))}:${packet.sourcePort}`;
  return `${from} → ${host(destinationOf(packet))}:${packet.destinationPort}`;
}

/** As tcpdump writes them: S, F, R, P and a dot for ACK. */
function nameFlags(flags: number): string {
  const names: readonly [number, string][] = [
    [TCP.syn, "S"],
    [TCP.fin, "F"],
    [TCP.rst, "R"],
    [TCP.psh, "P"],
    [TCP.ack, "."],
  ];
  const text = names.map(([bit, name]) => ((flags & bit) === 0 ? "" : name)).join("");
  return text === "" ? "none" : text;
}

function describeQuote(packet: Packet, bytes: Uint8Array): string {
  const quoted = new Packet();
  if (!dissectQuote(bytes, packet, USUAL_OPENERS, quoted)) return "";
  const way = `${sourceOf(quoted)} → ${destinationOf(quoted)}`;
  const ports =
    quoted.protocol === PROTOCOL.icmp || quoted.protocol === PROTOCOL.icmpv6 ? way : describePorts(quoted);
  return `, about ${nameProtocol(quoted.protocol)} ${ports}`;
}

function nameProtocol(protocol: number): string {
  const names: Readonly<Record<number, string>> = {
    [PROTOCOL.icmp]: "ICMP",
    [PROTOCOL.tcp]: "TCP",
    [PROTOCOL.udp]: "UDP",
    [PROTOCOL.icmpv6]: "ICMPv6",
  };
  return names[protocol] ?? `IP protocol ${protocol}`;
}
