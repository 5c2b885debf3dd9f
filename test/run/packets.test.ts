import t from "tap";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readPackets } from "../../lib/run/packets.js";
import type { PacketRecord } from "../../lib/model/sandbox.js";

const RUN = fileURLToPath(new URL("../../docs/example-runs/healthy", import.meta.url));

async function all(dir: string, path: string): Promise<PacketRecord[]> {
  const packets: PacketRecord[] = [];
  for await (const packet of readPackets(dir, path)) packets.push(packet);
  return packets;
}

t.test("the packets of a recorded run, at every hop", async (t) => {
  const paths = readdirSync(RUN, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".pcap"),
  );
  t.ok(paths.length >= 4);
  for (const path of paths) {
    const packets = await all(RUN, path);
    t.ok(packets.length > 0, path);
    t.strictSame(
      packets.map(({ frame }) => frame),
      packets.map((_, index) => index + 1),
    );
    const odd = packets.filter(
      ({ at, protocol, source, destination, sourcePort, flags }) =>
        !/^2026-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/.test(at) ||
        (protocol === "tcp" ? flags.length === 0 || sourcePort === null : flags.length > 0) ||
        typeof source !== typeof destination,
    );
    t.strictSame(odd, [], "times, flags and ends are what they have to be");
  }
});

/** Two records by hand: a nanosecond file, a TCP SYN-ACK on Ethernet, and one that is no IP. */
function makePcap(nanoseconds: boolean): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(262144, 16);
  header.writeUInt32LE(1, 20);
  const ethernet = Buffer.from("0200000000010200000000020800", "hex");
  const ip = Buffer.from("450000281234400040060000c0000201c0000202", "hex");
  const tcp = Buffer.from("1f90c00000000001000000025012ffff00000000", "hex");
  const arp = Buffer.from("ffffffffffff0200000000020806".padEnd(84, "0"), "hex");
  const record = (bytes: Buffer): Buffer => {
    const head = Buffer.alloc(16);
    head.writeUInt32LE(1_795_000_000, 0);
    head.writeUInt32LE(123_456, 4);
    head.writeUInt32LE(bytes.length, 8);
    head.writeUInt32LE(bytes.length + 7, 12);
    return Buffer.concat([head, bytes]);
  };
  return Buffer.concat([header, record(Buffer.concat([ethernet, ip, tcp])), record(arp)]);
}

t.test("every field of a packet", async (t) => {
  const dir = t.testdir({ captures: {} });
  writeFileSync(join(dir, "captures/ns.pcap"), makePcap(true));
  writeFileSync(join(dir, "captures/us.pcap"), makePcap(false));
  const [first, second] = await all(dir, "captures/ns.pcap");
  t.match(first, {
    ...{
      frame: 1,
      at: "2026-11-18T11:06:40.000123456Z",
      lengthBytes: 61,
      capturedBytes: 54,
      protocol: "tcp",
    },
    ...{ source: "192.0.2.1", destination: "192.0.2.2", sourcePort: 8080, destinationPort: 49152 },
    ...{ flags: ["SYN", "ACK"], encapsulated: false, summary: /^TCP 192\.0\.2\.1:8080 → / },
  });
  t.match(second, { protocol: "other", source: null, sourcePort: null, flags: [], summary: "not IP" });
  const [micro] = await all(dir, "captures/us.pcap");
  t.equal(micro?.at, "2026-11-18T11:06:40.123456000Z");
});

t.test("a path that leaves the run, or is no capture, is refused", async (t) => {
  const dir = t.testdir({ "x.pcap": "nothing" });
  await t.rejects(all(dir, "../x.pcap"), { code: "EVIDENCE_INVALID" });
  await t.rejects(all(dir, "/etc/passwd"), { code: "EVIDENCE_INVALID" });
  await t.rejects(all(dir, "x.pcap"), { code: "EVIDENCE_INVALID" });
  await t.rejects(all(dir, "none.pcap"), { code: "FILE_UNREADABLE" });
});
