import { join } from "node:path";
import { dissectFrame, type FrameKind } from "../analysis/dissect/dissect.js";
import { Packet, PROTOCOL, STOP } from "../analysis/dissect/packet.js";
import { destinationOf, sourceOf, summarise } from "../analysis/dissect/summarise.js";
import { TCP } from "../analysis/dissect/tcp.js";
import { openCapture } from "../packets/open.js";
import type { CaptureReader } from "../packets/reader.js";
import { readRunJson, resolveInside } from "../artifacts/index.js";
import { HopbookError } from "../errors.js";
import type { FlowEvidence } from "../model/evidence.js";
import type { Encapsulation } from "../model/hops.js";
import type { PacketRecord } from "../model/sandbox.js";
import { openersOf, USUAL_OPENERS, type Openers } from "../wire/open.js";

/** So many packets are dissected before others have their turn. */
const PACKETS_AT_ONCE = 1000;

/**
 * The packets of a capture of a run, dissected, in the order of the file and in flat memory. Throws EVIDENCE_INVALID
 * or FILE_UNREADABLE. A record that the file ends within is left out.
 */
export async function* readPackets(dir: string, path: string): AsyncGenerator<PacketRecord> {
  const inside = resolveInside(dir, path);
  if (!inside.ok) {
    throw new HopbookError("EVIDENCE_INVALID", `Cannot read packets of ${join(dir, path)}: ${inside.reason}`);
  }
  const reader = openCapture(inside.path, path);
  try {
    const kind: FrameKind = {
      tunnels: addUsual(openersOf((await findEncapsulation(dir, path)) ?? null)),
    };
    const packet = new Packet();
    while (reader.next()) {
      dissectFrame(reader.bytes, reader, kind, packet);
      yield toRecord(reader, packet);
      if (reader.frame % PACKETS_AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    reader.close();
  }
}

/** The hop's own port comes first, and what is usual is known besides. */
function addUsual(own: Openers): Openers {
  return { ...USUAL_OPENERS, udp: [...own.udp, ...USUAL_OPENERS.udp] };
}

/** What packets wear at a hop; undefined where the run knows of none. */
async function findEncapsulation(dir: string, path: string): Promise<Encapsulation | undefined> {
  const { flows } = (await readRunJson(dir, "evidence/flows.json").catch(() => ({ flows: [] }))) as {
    readonly flows: readonly FlowEvidence[];
  };
  const hops = flows.flatMap((flow) => [...flow.hops, ...(flow.replyHops ?? [])]);
  return hops.find((hop) => hop.pcap === path)?.encapsulation;
}

const NAMES: Readonly<Record<number, PacketRecord["protocol"]>> = {
  [PROTOCOL.icmp]: "icmp",
  [PROTOCOL.icmpv6]: "icmpv6",
  [PROTOCOL.udp]: "udp",
  [PROTOCOL.tcp]: "tcp",
};

const FLAGS: readonly (readonly [number, string])[] = [
  [TCP.syn, "SYN"],
  [TCP.fin, "FIN"],
  [TCP.rst, "RST"],
  [TCP.psh, "PSH"],
  [TCP.ack, "ACK"],
];

function toRecord(reader: CaptureReader, packet: Packet): PacketRecord {
  const isIp = packet.version !== 0;
  const isWhole = isIp && packet.stop === STOP.none && packet.fragmentOffset === 0;
  const hasPorts = isWhole && (packet.protocol === PROTOCOL.tcp || packet.protocol === PROTOCOL.udp);
  const isTcp = isWhole && packet.protocol === PROTOCOL.tcp;
  return {
    frame: reader.frame,
    at: formatTime(reader),
    lengthBytes: reader.wireBytes,
    capturedBytes: reader.capturedBytes,
    protocol: (isIp ? NAMES[packet.protocol] : undefined) ?? "other",
    source: isIp ? sourceOf(packet) : null,
    destination: isIp ? destinationOf(packet) : null,
    sourcePort: hasPorts ? packet.sourcePort : null,
    destinationPort: hasPorts ? packet.destinationPort : null,
    flags: isTcp ? FLAGS.flatMap(([bit, name]) => ((packet.tcpFlags & bit) === 0 ? [] : [name])) : [],
    encapsulated: packet.worn !== null,
    summary: summarise(packet, reader.bytes),
  };
}

/** RFC 3339 to the nanosecond. */
function formatTime(reader: CaptureReader): string {
  const { seconds, nanoseconds } = reader.time();
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  return `${whole}.${String(nanoseconds).padStart(9, "0")}Z`;
}
