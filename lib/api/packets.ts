import { join } from "node:path";
import { dissectFrame, type FrameKind } from "../analysis/dissect/dissect.js";
import { Packet, PROTOCOL, STOP } from "../analysis/dissect/packet.js";
import { destinationOf, sourceOf, summarise } from "../analysis/dissect/summarise.js";
import { TCP } from "../analysis/dissect/tcp.js";
import { USUAL_VXLAN } from "../analysis/dissect/vxlan.js";
import { openCapture } from "../packets/open.js";
import type { CaptureReader } from "../packets/reader.js";
import { readRunJson, resolveInside } from "../artifacts/index.js";
import { HopbookError } from "../errors.js";
import type { FlowEvidence } from "../model/evidence.js";
import type { PacketRecord } from "../model/sandbox.js";

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
    const ports = {
      first: (await findVxlanPort(dir, path)) ?? USUAL_VXLAN.first,
      second: USUAL_VXLAN.second,
    };
    const kind: FrameKind = { vxlan: ports };
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

/** The port that the tunnel at a hop has on its node; undefined where the run knows of none. */
async function findVxlanPort(dir: string, path: string): Promise<number | undefined> {
  const { flows } = (await readRunJson(dir, "evidence/flows.json").catch(() => ({ flows: [] }))) as {
    readonly flows: readonly FlowEvidence[];
  };
  const hops = flows.flatMap((flow) => [...flow.hops, ...(flow.replyHops ?? [])]);
  const encapsulation = hops.find((hop) => hop.pcap === path)?.encapsulation;
  return encapsulation?.kind === "vxlan" ? encapsulation.port : undefined;
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
    encapsulated: packet.vni >= 0,
    summary: summarise(packet, reader.bytes),
  };
}

/** RFC 3339 to the nanosecond. */
function formatTime(reader: CaptureReader): string {
  const { seconds, nanoseconds } = reader.time();
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  return `${whole}.${String(nanoseconds).padStart(9, "0")}Z`;
}
