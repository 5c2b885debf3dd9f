import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { listPlaces } from "../../lib/packets/places.js";
import { concat, pcap } from "../analysis/helpers/packets.js";
import { block, interfaceBlock, packetBlock, sectionHeader } from "./pcapng.js";

const dir = t.testdir();
const path = join(dir, "capture");

function places(bytes: Uint8Array, links?: string): readonly unknown[] {
  writeFileSync(path, bytes);
  return listPlaces(path, links === undefined ? {} : { links });
}

const cooked2 = (index: number, type: number): Buffer =>
  concat([8, 0, 0, 0, 0, 0, 0, index, 0, 1, type, 6, 2, 0, 0, 0, 0, 1, 0, 0], Buffer.alloc(20));

t.test(
  "a capture on any device holds one place for each, with the names of the capturing machine",
  async (t) => {
    const frames = [
      cooked2(2, 0),
      cooked2(5, 4),
      cooked2(2, 4),
      cooked2(5, 3),
      cooked2(5, 0).subarray(0, 19),
    ];
    const bytes = pcap(
      frames.map((frame, timeUs) => ({ timeUs, bytes: frame })),
      { linktype: 276 },
    );
    const links = JSON.stringify([{ ifindex: 2, ifname: "eth0" }]);
    t.strictSame(places(bytes, links), [
      { interfaceIndex: 2, name: "eth0", packets: 2, in: 1, out: 1 },
      { interfaceIndex: 5, name: null, packets: 2, in: 1, out: 1 },
      { interfaceIndex: -1, name: null, packets: 1, in: 0, out: 0 },
    ]);
  },
);

t.test("where the file tells no devices apart there is one place", async (t) => {
  const cooked = (type: number): Buffer =>
    concat([0, type, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0], Buffer.alloc(20));
  const records = [cooked(4), cooked(0)].map((bytes, timeUs) => ({ timeUs, bytes }));
  const one = { interfaceIndex: -1, name: null, packets: 2 };
  t.strictSame(places(pcap(records, { linktype: 113 })), [{ ...one, in: 1, out: 1 }]);
  t.strictSame(places(pcap(records)), [{ ...one, in: 0, out: 0 }]);
});

t.test("pcapng: interfaces of all sections, and the direction that packets' flags say", async (t) => {
  const flagged = (order: "LE" | "BE", device: number, flags: number): Buffer => {
    const packet = packetBlock(order, { interface: device, units: 1n, bytes: Buffer.alloc(5) });
    const option = Buffer.alloc(16);
    const write = (value: number, at: number): unknown =>
      order === "LE" ? option.writeUInt16LE(value, at) : option.writeUInt16BE(value, at);
    write(1, 0);
    write(2, 2);
    write(2, 8);
    write(4, 10);
    if (order === "LE") option.writeUInt32LE(flags, 12);
    else option.writeUInt32BE(flags, 12);
    return block(order, 6, Buffer.concat([packet.subarray(8, packet.length - 4), option]));
  };
  const bytes = Buffer.concat([
    ...[sectionHeader("LE"), interfaceBlock("LE", { linktype: 1, name: "eth0" })],
    ...[interfaceBlock("LE", { linktype: 1, name: "eth1" }), flagged("LE", 1, 1), flagged("LE", 0, 2)],
    packetBlock("LE", { interface: 0, units: 1n, bytes: Buffer.alloc(5) }),
    ...[
      sectionHeader("BE"),
      interfaceBlock("BE", { linktype: 1, name: "eth9" }),
      flagged("BE", 0, 0xfffffffe),
    ],
  ]);
  t.strictSame(places(bytes), [
    { interfaceIndex: 1, name: "eth1", packets: 1, in: 1, out: 0 },
    { interfaceIndex: 0, name: "eth0", packets: 2, in: 0, out: 1 },
    { interfaceIndex: 2, name: "eth9", packets: 1, in: 0, out: 1 },
  ]);
});

t.test(
  "pcapng: flags behind the end of the options, or of a length that is not there, say nothing",
  async (t) => {
    const direction = (...options: readonly number[]): unknown => {
      const packet = packetBlock("BE", { interface: 0, units: 1n, bytes: Buffer.alloc(4) });
      const body = Buffer.concat([packet.subarray(8, packet.length - 4), Uint8Array.from(options)]);
      const file = [sectionHeader("BE"), interfaceBlock("BE", { linktype: 1 }), block("BE", 6, body)];
      return places(Buffer.concat(file));
    };
    const one = { interfaceIndex: 0, name: null, packets: 1 };
    const inbound = [0, 2, 0, 4, 0, 0, 0, 1];
    t.strictSame(direction(...inbound), [{ ...one, in: 1, out: 0 }]);
    t.strictSame(direction(0, 0, 0, 0, ...inbound), [{ ...one, in: 0, out: 0 }]);
    t.strictSame(direction(0, 1, 0, 9, ...inbound), [{ ...one, in: 0, out: 0 }]);
    t.strictSame(direction(0, 2, 0, 3, 0, 0, 0, 1), [{ ...one, in: 0, out: 0 }]);
    t.strictSame(direction(0, 2, 0, 4, 0, 0, 0, 3), [{ ...one, in: 0, out: 0 }], "neither way");
  },
);

t.test("a file that is damaged holds the places before that", async (t) => {
  const sound = pcap([{ timeUs: 1, bytes: cooked2(2, 0) }], { linktype: 276 });
  const bytes = Buffer.concat([sound, Buffer.alloc(16, 0xff)]);
  t.strictSame(places(bytes), [{ interfaceIndex: 2, name: null, packets: 1, in: 1, out: 0 }]);
});

t.test("a file that was made to name more devices than there can be holds the first ones", async (t) => {
  const record = (device: number): Buffer => {
    const bytes = Buffer.from(cooked2(0, 0));
    bytes.writeUInt32BE(device, 4);
    return bytes;
  };
  const records = Array.from({ length: 65_538 }, (_, index) => ({ timeUs: 1, bytes: record(index + 1) }));
  const found = places(pcap([...records, { timeUs: 1, bytes: record(1) }], { linktype: 276 }));
  t.equal(found.length, 65_536);
  t.match(found[0], { interfaceIndex: 1, packets: 2 });
  t.match(found.at(-1), { interfaceIndex: 65_536, packets: 1 });
});
