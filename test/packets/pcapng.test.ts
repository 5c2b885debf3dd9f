import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { HopbookError } from "../../lib/errors.js";
import { openCapture } from "../../lib/packets/open.js";
import { fc } from "../fixtures/property.js";
import { block, interfaceBlock, packetBlock, sectionHeader, type Order } from "./pcapng.js";

const dir = t.testdir();
const path = join(dir, "capture.pcapng");

interface Read {
  readonly hex: string;
  readonly wireBytes: number;
  readonly time: string;
  readonly timeUs: number;
  readonly linktype: number;
  readonly interface: string | null;
  readonly recordOffset: number;
}

function readAll(bytes: Uint8Array): { records: Read[]; truncatedBytes: number } {
  writeFileSync(path, bytes);
  const reader = openCapture(path, "capture.pcapng");
  const records: Read[] = [];
  try {
    while (reader.next()) records.push(describe(reader));
    return { records, truncatedBytes: reader.truncatedBytes };
  } finally {
    reader.close();
  }
}

function describe(reader: ReturnType<typeof openCapture>): Read {
  const { seconds, nanoseconds } = reader.time();
  return {
    hex: Buffer.from(reader.bytes.subarray(reader.at, reader.at + reader.capturedBytes)).toString("hex"),
    wireBytes: reader.wireBytes,
    time: `${seconds}.${String(nanoseconds).padStart(9, "0")}`,
    timeUs: reader.timeUs,
    linktype: reader.linktype,
    interface: reader.interface,
    recordOffset: reader.recordOffset,
  };
}

const packets = fc.record({
  device: fc.nat(2),
  nanoseconds: fc.nat(999_999_999),
  bytes: fc.uint8Array({ maxLength: 40 }),
  cut: fc.nat(10),
});
const sections = fc.array(
  fc.record({
    order: fc.constantFrom<Order>("LE", "BE"),
    devices: fc.array(
      fc.record({
        linktype: fc.constantFrom(1, 101, 276),
        name: fc.option(fc.stringMatching(/^[a-z]{1,12}$/)),
      }),
      {
        minLength: 1,
        maxLength: 3,
      },
    ),
    packets: fc.array(packets, { maxLength: 8 }),
    noise: fc.boolean(),
  }),
  { minLength: 1, maxLength: 3 },
);
const START_SECONDS = 1_790_000_000;

t.test("sections of both byte orders, interfaces and foreign blocks read as they were written", async (t) => {
  fc.assert(
    fc.property(sections, (list) => {
      const parts: Buffer[] = [];
      const wanted: Omit<Read, "recordOffset" | "timeUs">[] = [];
      for (const { order, devices, packets, noise } of list) {
        parts.push(sectionHeader(order));
        for (const device of devices) parts.push(interfaceBlock(order, { ...device, resolution: 9 }));
        for (const packet of packets) {
          if (noise)
            parts.push(block(order, 0x80000bad, Buffer.alloc(12, 0xff)), block(order, 5, Buffer.alloc(12)));
          const index = packet.device % devices.length;
          const units = BigInt(START_SECONDS) * 1_000_000_000n + BigInt(packet.nanoseconds);
          const wireBytes = packet.bytes.length + packet.cut;
          parts.push(packetBlock(order, { interface: index, units, bytes: packet.bytes, wireBytes }));
          wanted.push({
            hex: Buffer.from(packet.bytes).toString("hex"),
            wireBytes,
            time: `${START_SECONDS}.${String(packet.nanoseconds).padStart(9, "0")}`,
            linktype: devices[index]!.linktype,
            interface: devices[index]!.name,
          });
        }
      }
      const { records, truncatedBytes } = readAll(Buffer.concat(parts));
      t.strictSame(
        records.map(({ hex, wireBytes, time, linktype, interface: name }) => {
          return { hex, wireBytes, time, linktype, interface: name };
        }),
        wanted,
      );
      t.equal(truncatedBytes, 0);
      // A reader that has seen nothing yet finds each of them, forwards and backwards.
      const fresh = openCapture(path);
      const sought = [...records].reverse().concat(records);
      t.strictSame(
        sought.map(({ recordOffset }) => fresh.seek(recordOffset) && describe(fresh)),
        sought,
      );
      fresh.close();
    }),
    { numRuns: 80 },
  );
});

t.test("the snap length is the least of all interfaces, wherever they are described", async (t) => {
  const packet = packetBlock("LE", { interface: 0, units: 1n, bytes: Buffer.alloc(4) });
  const parts = [
    sectionHeader("LE"),
    ...[0, 200].map((snaplenBytes) => interfaceBlock("LE", { linktype: 1, snaplenBytes })),
    ...[packet, interfaceBlock("LE", { linktype: 1, snaplenBytes: 96 }), packet],
  ];
  const of = (bytes: Uint8Array): number => {
    writeFileSync(path, bytes);
    const reader = openCapture(path);
    t.equal(reader.truncatedBytes, 0);
    t.ok(reader.next(), "it is read from its start");
    t.equal(reader.frame, 1);
    reader.close();
    return reader.snaplenBytes;
  };
  t.equal(of(Buffer.concat(parts)), 96);
  t.equal(of(Buffer.concat([...parts, block("LE", 1, Buffer.alloc(4))])), 96, "damage behind it");
  t.equal(of(Buffer.concat([sectionHeader("LE"), interfaceBlock("LE", { linktype: 1 }), packet])), 0);
});

t.test("every resolution of time, and an offset", async (t) => {
  const cases: readonly [resolution: number, units: bigint, time: string, timeUs: number][] = [
    [6, 1_790_000_000_123_456n, "1790000000.123456000", 1_790_000_000_123_456],
    [9, 1_790_000_000_123_456_789n, "1790000000.123456789", 1_790_000_000_123_456.75],
    [3, 1_790_000_000_123n, "1790000000.123000000", 1_790_000_000_123_000],
    [0, 1_790_000_000n, "1790000000.000000000", 1_790_000_000_000_000],
    [12, 1_790_000_000_123_456n, "1790.000000123", 1_790_000_000.123456],
    [0x80 | 20, (1_790_000_000n << 20n) | (1n << 19n), "1790000000.500000000", 1_790_000_000_500_000],
    [0x80 | 34, (1_000_000n << 34n) | 1n, "1000000.000000000", 1_000_000_000_000],
  ];
  for (const order of ["LE", "BE"] as const) {
    for (const [resolution, units, time, timeUs] of cases) {
      const { records } = readAll(
        Buffer.concat([
          sectionHeader(order),
          interfaceBlock(order, { linktype: 1, resolution, offsetSeconds: 7 }),
          packetBlock(order, { interface: 0, units, bytes: Buffer.alloc(4) }),
        ]),
      );
      const [whole = "", fraction = ""] = time.split(".");
      t.equal(records[0]?.time, `${Number(whole) + 7}.${fraction}`, `if_tsresol ${resolution}`);
      t.ok(Math.abs(records[0]!.timeUs - timeUs - 7e6) < 0.3);
    }
  }
});

t.test("simple and obsolete packet blocks", async (t) => {
  const word = (value: number): Buffer => Buffer.from(Uint32Array.of(value).buffer);
  const { records } = readAll(
    Buffer.concat([
      sectionHeader("LE"),
      interfaceBlock("LE", { linktype: 101, snaplenBytes: 6 }),
      block(
        "LE",
        2,
        Buffer.concat([word(0), word(0), word(5_000_000), word(3), word(9), Buffer.from("aabbcc00", "hex")]),
      ),
      block("LE", 3, Buffer.concat([word(9), Buffer.from("0102030405060000", "hex")])),
    ]),
  );
  t.match(records[0], { hex: "aabbcc", wireBytes: 9, time: "5.000000000", linktype: 101 });
  t.match(
    records[1],
    { hex: "010203040506", wireBytes: 9, time: "5.000000000" },
    "it has no time of its own",
  );
});

t.test("what stands before a cut or a lie is read, and the rest named", async (t) => {
  const whole = Buffer.concat([
    sectionHeader("LE"),
    interfaceBlock("LE", { linktype: 1 }),
    packetBlock("LE", { interface: 0, units: 1n, bytes: Buffer.alloc(8, 1) }),
    packetBlock("LE", { interface: 0, units: 2n, bytes: Buffer.alloc(8, 2) }),
  ]);
  for (let cut = 1; cut < 40; cut++) {
    const { records, truncatedBytes } = readAll(whole.subarray(0, whole.length - cut));
    t.strictSame([records.length, truncatedBytes], [1, 40 - cut]);
  }
  const last = whole.length - 40;
  const lies: readonly [at: number, value: number, message: RegExp][] = [
    [last + 4, 0xfffffffc, /a block of 4294967292 bytes at offset/],
    [last + 4, 8, /a block of 8 bytes/],
    [last + 4, 41, /a block of 41 bytes/],
    [last + 8, 7, /a packet of no interface/],
    [last + 20, 9_999, /a length of 9999 bytes in a block of 40/],
    [8, 0x11111111, /a section without a byte order/],
    [12, 9, /pcapng version 9/],
  ];
  for (const [at, value, message] of lies) {
    const bytes = Buffer.from(whole);
    bytes.writeUInt32LE(value, at);
    t.throws(() => readAll(bytes), { code: "EVIDENCE_INVALID", message });
  }
});

t.test("blocks that cannot be are named", async (t) => {
  const start = [sectionHeader("LE"), interfaceBlock("LE", { linktype: 1 })];
  const device = block("LE", 1, Buffer.alloc(8));
  const cases: readonly [rest: readonly Buffer[], message: RegExp][] = [
    [[sectionHeader("LE").subarray(0, 20)], /less than a section header/],
    [[block("LE", 1, Buffer.alloc(4))], /an interface without a description/],
    [new Array<Buffer>(65_536).fill(device), /over 65536 interfaces/],
  ];
  for (const [rest, message] of cases)
    t.throws(() => readAll(Buffer.concat([...start, ...rest])), { code: "EVIDENCE_INVALID", message });
});

t.test("a block larger than what is held at once is passed over, where its end is there", async (t) => {
  const foreign = block("LE", 0x80000bad, Buffer.alloc(2 * 1024 * 1024));
  const packet = packetBlock("LE", { interface: 0, units: 1n, bytes: Buffer.alloc(8, 1) });
  const start = [sectionHeader("LE"), interfaceBlock("LE", { linktype: 1, name: "" }), foreign];
  t.match(readAll(Buffer.concat([...start, packet])).records, [{ wireBytes: 8, interface: null }]);
  t.equal(readAll(Buffer.concat(start).subarray(0, -1)).records.length, 0);
});

t.test("before the first packet there is no time, and behind the last one no packet", async (t) => {
  writeFileSync(path, Buffer.concat([sectionHeader("LE"), interfaceBlock("LE", { linktype: 1 })]));
  const reader = openCapture(path);
  t.strictSame(reader.time(), { seconds: 0, nanoseconds: 0 });
  t.notOk(reader.seek(10_000));
  reader.close();
});

t.test("random bytes behind a section header end in records or in one of our errors", async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(60), fc.nat(255), (noise, at, value) => {
      const bytes = Buffer.concat([
        sectionHeader("BE"),
        interfaceBlock("BE", { linktype: 1, name: "eth0" }),
        packetBlock("BE", { interface: 0, units: 1n, bytes: Buffer.alloc(20) }),
        noise,
      ]);
      bytes[28 + at] = value;
      try {
        readAll(bytes);
      } catch (error) {
        if (!(error instanceof HopbookError)) throw error;
      }
    }),
    { numRuns: 400 },
  );
});
