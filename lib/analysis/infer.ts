import type { FlowAddress } from "../model/evidence.js";
import type { Protocol } from "../model/traffic.js";
import { USUAL_OPENERS } from "../wire/open.js";
import { dissectFrame } from "./dissect/dissect.js";
import { ICMP } from "./dissect/icmp.js";
import { ICMPV6 } from "./dissect/icmpv6.js";
import { Packet, PROTOCOL, STOP } from "./dissect/packet.js";
import { destinationOf, sourceOf } from "./dissect/summarise.js";
import { TCP } from "./dissect/tcp.js";
import { openCapture } from "../packets/open.js";
import type { CaptureReader } from "../packets/reader.js";

/** So many records are looked at, and so many conversations told apart. */
const MOST_RECORDS = 200_000;
const MOST_CONVERSATIONS = 10_000;

/** Two ends that talk to each other, the one that began first. */
export interface Conversation {
  readonly from: FlowAddress;
  readonly to: FlowAddress;
  readonly protocol: Protocol;
  readonly packets: number;
}

interface Candidate {
  from: FlowAddress;
  to: FlowAddress;
  protocol: Protocol;
  packets: number;
}

/** Ends that the caller knows already; a conversation has to fit them. */
export interface KnownEnds {
  readonly from?: FlowAddress;
  readonly to?: FlowAddress;
  readonly protocol?: Protocol;
}

/**
 * The conversation with the most packets in a capture, or null where it has none. Connections from
 * different ports of one client to one port of a server are one conversation.
 */
export function inferConversation(path: string, known: KnownEnds = {}): Conversation | null {
  const reader = openCapture(path);
  const packet = new Packet();
  const candidates = new Map<string, Candidate>();
  try {
    const kind = { tunnels: USUAL_OPENERS };
    while (reader.frame < MOST_RECORDS && moveOn(reader)) {
      dissectFrame(reader.bytes, reader, kind, packet);
      if (packet.stop === STOP.none && packet.fragmentOffset === 0) count(candidates, packet);
    }
  } finally {
    reader.close();
  }
  const fitting = [...candidates.values()].filter(
    ({ from, to, protocol }) =>
      fits(from, known.from) && fits(to, known.to) && (known.protocol ?? protocol) === protocol,
  );
  return fitting.reduce<Candidate | null>(
    (most, one) => (most === null || one.packets > most.packets ? one : most),
    null,
  );
}

/** A damaged file ends where the damage begins; the correlation says so. */
function moveOn(reader: CaptureReader): boolean {
  try {
    return reader.next();
  } catch {
    return false;
  }
}

function fits(end: FlowAddress, known: FlowAddress | undefined): boolean {
  return (
    known === undefined ||
    (end.ip === known.ip && (known.port === null || end.port === null || end.port === known.port))
  );
}

function count(candidates: Map<string, Candidate>, packet: Packet): void {
  const protocol = protocolOf(packet);
  if (protocol === null) return;
  const [source, destination] = [sourceOf(packet), destinationOf(packet)];
  const [sourcePort, destinationPort] =
    protocol === "icmp" ? [null, null] : [packet.sourcePort, packet.destinationPort];
  const forth = candidates.get(keyOf(protocol, source, destination, destinationPort));
  const back = candidates.get(keyOf(protocol, destination, source, sourcePort));
  const known = forth ?? back;
  if (known !== undefined) {
    known.packets++;
    return;
  }
  if (candidates.size >= MOST_CONVERSATIONS) return;
  const isReply = beginsAtDestination(packet);
  const [from, to, port] = isReply
    ? [destination, source, sourcePort]
    : [source, destination, destinationPort];
  candidates.set(keyOf(protocol, from, to, port), {
    from: { ip: from, port: null },
    to: { ip: to, port },
    protocol,
    packets: 1,
  });
}

/** Whether the first packet of a conversation that we see is an answer: SYN-ACK, echo reply, from a low port. */
function beginsAtDestination(packet: Packet): boolean {
  if (packet.protocol === PROTOCOL.icmp) return packet.icmpType === ICMP.echoReply;
  if (packet.protocol === PROTOCOL.icmpv6) return packet.icmpType === ICMPV6.echoReply;
  const flags = packet.tcpFlags & (TCP.syn | TCP.ack);
  if (packet.protocol === PROTOCOL.tcp && (flags & TCP.syn) !== 0) return flags !== TCP.syn;
  return packet.sourcePort < packet.destinationPort;
}

function protocolOf(packet: Packet): Protocol | null {
  if (packet.protocol === PROTOCOL.tcp) return "tcp";
  if (packet.protocol === PROTOCOL.udp) return "udp";
  const type = packet.icmpType;
  if (packet.version === 6) return type === ICMPV6.echoRequest || type === ICMPV6.echoReply ? "icmp" : null;
  return type === ICMP.echoRequest || type === ICMP.echoReply ? "icmp" : null;
}

function keyOf(protocol: string, from: string, to: string, port: number | null): string {
  return `${protocol} ${from} ${to} ${port ?? ""}`;
}
