import t from "tap";
import { checksumOf, outerChecksumOf } from "../../../lib/analysis/follow/checksum.js";
import { dissectFrame } from "../../../lib/analysis/dissect/dissect.js";
import { Packet } from "../../../lib/analysis/dissect/packet.js";
import { USUAL_OPENERS } from "../../../lib/wire/open.js";
import { ethernet, icmp, ip, ipv4, tcp, udp, vxlan } from "../helpers/packets.js";

const V4 = { source: "10.0.0.1", destination: "10.0.0.2" };
const V6 = { source: "fd00::1", destination: "fd00::2" };

/** Ones' complement sum, the slow and plain way. */
function sum(...parts: readonly Uint8Array[]): number {
  let total = 0;
  for (const part of parts)
    for (const [index, byte] of part.entries()) total += index % 2 === 0 ? byte * 256 : byte;
  while (total > 0xffff) total = (total % 65_536) + Math.floor(total / 65_536);
  return total;
}

const words = (...values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 2);
  values.forEach((value, index) => bytes.writeUInt16BE(value, index * 2));
  return bytes;
};

type Fill = "right" | "unfinished" | "wrong";

/** A packet whose transport checksum is as told. */
function packetOf(
  ends: { source: string; destination: string },
  protocol: number,
  segment: Buffer,
  fill: Fill,
): Buffer {
  const packet = ip({ ...ends, protocol }, segment);
  const isV6 = packet[0]! >> 4 === 6;
  const [l4At, addresses] = isV6 ? [40, packet.subarray(8, 40)] : [20, packet.subarray(12, 20)];
  const real = isV6 && protocol === 1 ? 58 : protocol;
  const pseudo = real === 1 ? Buffer.alloc(0) : Buffer.concat([addresses, words(real, segment.length)]);
  const at = l4At + ({ 6: 16, 17: 6 }[protocol] ?? 2);
  packet.writeUInt16BE(0, at);
  const unfinished = sum(pseudo);
  const right = 0xffff - sum(pseudo, packet.subarray(l4At));
  packet.writeUInt16BE(
    fill === "right" ? right : fill === "unfinished" ? unfinished : (right + 1) & 0xffff,
    at,
  );
  return packet;
}

function dissected(frame: Uint8Array): { bytes: Uint8Array; packet: Packet } {
  const packet = new Packet();
  const at = { at: 0, capturedBytes: frame.length, linktype: 1 };
  dissectFrame(frame, at, { tunnels: USUAL_OPENERS }, packet);
  return { bytes: frame, packet };
}

const of = (packet: Uint8Array): ReturnType<typeof checksumOf> => {
  const { bytes, packet: found } = dissected(ethernet(packet));
  return checksumOf(bytes, found);
};

t.test("right, unfinished and wrong checksums of each protocol, in both families", async (t) => {
  const segments = [
    [6, tcp({ sourcePort: 40_000, destinationPort: 80, seq: 1 }, Buffer.from("hello"))],
    [17, udp(40_000, 53, Buffer.from("odd"))],
    [1, icmp(8, 0, { id: 1, seq: 2, payload: Buffer.from("ping") })],
  ] as const;
  for (const ends of [V4, V6])
    for (const [protocol, segment] of segments)
      for (const fill of ["right", "unfinished", "wrong"] as const) {
        t.equal(of(packetOf(ends, protocol, segment, fill)), fill, `${protocol} ${fill}`);
      }
});

t.test("where nothing can be said", async (t) => {
  const segment = udp(1, 9, Buffer.alloc(8));
  t.equal(of(packetOf(V4, 17, segment, "right").subarray(0, 30)), null, "cut");
  t.equal(of(ipv4({ ...V4, protocol: 17, moreFragments: true }, segment)), null);
  t.equal(of(ipv4({ ...V4, protocol: 17, fragmentOffset: 8 }, segment)), null);
  t.equal(of(ipv4({ ...V4, protocol: 17 }, segment)), null, "none was computed");
  t.equal(
    of(ipv4({ ...V4, protocol: 1 }, Buffer.alloc(8, 7).fill(0, 2, 4))),
    "unfinished",
    "not computed yet",
  );
  t.equal(of(ipv4({ ...V4, protocol: 47 }, segment)), null);
  t.equal(of(ipv4({ ...V4, protocol: 1 }, Buffer.alloc(4))), null);
});

t.test("a tunnel's own headers", async (t) => {
  const tunnel = (change: (outer: Buffer) => void, source = "10.77.0.11", destination = "10.77.0.12") => {
    const inner = ethernet(packetOf(V4, 17, udp(1, 9, Buffer.alloc(8)), "right"));
    const outer = vxlan(inner, { source, destination });
    if (outer[0]! >> 4 === 4) outer.writeUInt16BE(0xffff - sum(outer.subarray(0, 20)), 10);
    change(outer);
    const { bytes, packet } = dissected(ethernet(outer));
    return outerChecksumOf(bytes, packet);
  };
  const same = (): void => undefined;
  t.equal(tunnel(same), null, "UDP without a checksum");
  t.equal(
    tunnel((outer) => (outer[10]! ^= 1)),
    "wrong",
    "IPv4's own",
  );
  t.equal(
    tunnel((outer) => outer.writeUInt16BE(0, 10)),
    "unfinished",
  );
  const finish = (outer: Buffer, off: number): void => {
    const pseudo = Buffer.concat([outer.subarray(12, 20), words(17, outer.length - 20)]);
    outer.writeUInt16BE((0xffff - sum(pseudo, outer.subarray(20)) + off) & 0xffff, 26);
  };
  t.equal(
    tunnel((outer) => finish(outer, 0)),
    "right",
  );
  t.equal(
    tunnel((outer) => finish(outer, 1)),
    "wrong",
  );
  t.equal(tunnel(same, "fd77::1", "fd77::2"), null, "IPv6");
  const bare = dissected(ethernet(ipv4({ ...V4, protocol: 17 }, udp(1, 2, Buffer.alloc(4)))));
  t.equal(outerChecksumOf(bare.bytes, bare.packet), null, "no tunnel");
  const inIp = ipv4(
    { source: "10.77.0.11", destination: "10.77.0.12", protocol: 4 },
    packetOf(V4, 17, udp(1, 9, Buffer.alloc(8)), "right"),
  );
  inIp.writeUInt16BE(0xffff - sum(inIp.subarray(0, 20)), 10);
  const other = dissected(ethernet(inIp));
  t.equal(outerChecksumOf(other.bytes, other.packet), null, "no UDP around it");
});
