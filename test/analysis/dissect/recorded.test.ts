import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import t from "tap";
import { dissectFrame } from "../../../lib/analysis/dissect/dissect.js";
import { Packet, PROTOCOL } from "../../../lib/analysis/dissect/packet.js";
import { destinationOf, sourceOf } from "../../../lib/analysis/dissect/summarise.js";
import { USUAL_OPENERS } from "../../../lib/wire/open.js";
import { openCapture } from "../../../lib/packets/open.js";
import type { CaptureReader } from "../../../lib/packets/reader.js";

/**
 * Recorded traffic (tcpdump on veths, on a NIC that carries VXLAN, on `any` as SLL2 in nanoseconds and as
 * SLL) beside what tshark 4.0 says of it:
 *
 *     tshark -n -r FILE -T fields -E occurrence=l -E separator=, -e frame.number -e frame.time_epoch
 *       -e frame.len -e ip.src -e ip.dst -e ip.id -e ip.ttl -e ip.frag_offset -e ip.len -e tcp.seq_raw
 *       -e tcp.ack_raw -e tcp.len -e tcp.options.timestamp.tsval -e icmp.type -e icmp.seq
 */
const FIXTURES = fileURLToPath(new URL("../fixtures/", import.meta.url));

/** The same columns by our own reader. */
function describe(reader: CaptureReader, packet: Packet): string {
  const isWhole = packet.fragmentOffset === 0;
  const tcp =
    isWhole && packet.protocol === PROTOCOL.tcp
      ? [
          packet.sequence >>> 0,
          packet.acknowledgement >>> 0,
          packet.payloadBytes,
          packet.timestampValue >>> 0,
        ]
      : ["", "", "", ""];
  const icmp =
    isWhole && packet.protocol === PROTOCOL.icmp ? [packet.icmpType, packet.icmpSequence] : ["", ""];
  return [
    reader.frame,
    reader.wireBytes,
    sourceOf(packet),
    destinationOf(packet),
    `0x${packet.ipId.toString(16).padStart(4, "0")}`,
    packet.ttl,
    packet.fragmentOffset / 8,
    packet.ipBytes,
    ...tcp,
    ...icmp,
  ].join(",");
}

for (const name of readdirSync(FIXTURES).filter((file) => file.endsWith(".pcap"))) {
  t.test(`${name}: as tshark reads it`, async (t) => {
    const rows = readFileSync(`${FIXTURES}${name.replace(".pcap", ".csv")}`, "utf8")
      .trim()
      .split("\n");
    const reader = openCapture(`${FIXTURES}${name}`);
    const packet = new Packet();
    const kind = { tunnels: USUAL_OPENERS };
    for (const row of rows) {
      t.ok(reader.next());
      dissectFrame(reader.bytes, reader, kind, packet);
      const [frame, time, ...rest] = row.split(",");
      t.ok(Math.abs(reader.timeUs - Number(time) * 1e6) < 1, "time");
      // tshark's last occurrence of a field is the quoted packet's where an ICMP error quotes one.
      if (packet.quoteAt < 0) t.equal(describe(reader, packet), [frame, ...rest].join(","));
      else t.equal(packet.icmpType, 11);
    }
    t.notOk(reader.next());
    t.notOk(reader.truncated);
    reader.close();
  });
}
