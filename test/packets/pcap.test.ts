import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { openCapture } from "../../lib/packets/open.js";
import { HopbookError } from "../../lib/errors.js";
import { pcap, type PcapOptions } from "../analysis/helpers/packets.js";
import { fc } from "../fixtures/property.js";

const dir = t.testdir();
const START_US = 1_790_000_000_000_000;

function save(bytes: Uint8Array): string {
  const path = join(dir, "capture.pcap");
  writeFileSync(path, bytes);
  return path;
}

function readAll(path: string): { timeUs: number; bytes: string; wireBytes: number; recordOffset: number }[] {
  const reader = openCapture(path, "capture.pcap");
  const records = [];
  while (reader.next()) {
    const { timeUs, wireBytes, recordOffset, at, capturedBytes } = reader;
    const bytes = Buffer.from(reader.bytes.subarray(at, at + capturedBytes)).toString("hex");
    records.push({ timeUs, bytes, wireBytes, recordOffset });
  }
  reader.close();
  return records;
}

function failOf(work: () => unknown): HopbookError {
  try {
    work();
  } catch (error) {
    if (error instanceof HopbookError) return error;
    throw error;
  }
  throw new Error("Expected an error, got none");
}

t.test("reads what was written, in both byte orders and both resolutions", async (t) => {
  const records = fc.array(
    fc.record({ delta: fc.nat(10_000_000), bytes: fc.uint8Array({ maxLength: 200 }), kept: fc.nat(200) }),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(records, fc.boolean(), fc.boolean(), (list, bigEndian, nanoseconds) => {
      const written = list.map(({ delta, bytes, kept }, index) => ({
        timeUs: START_US + index * 11_000_000 + delta,
        bytes,
        snaplenBytes: kept,
      }));
      const read = readAll(save(pcap(written, { bigEndian, nanoseconds })));
      t.same(
        read.map(({ timeUs, bytes, wireBytes }) => ({ timeUs, bytes, wireBytes })),
        written.map(({ timeUs, bytes, snaplenBytes }) => ({
          timeUs,
          bytes: Buffer.from(bytes.subarray(0, snaplenBytes)).toString("hex"),
          wireBytes: bytes.length,
        })),
      );
    }),
    { numRuns: 60 },
  );
});

t.test("reads a big-endian capture", async (t) => {
  const [record] = readAll(
    save(pcap([{ timeUs: START_US, bytes: Buffer.alloc(3, 7) }], { bigEndian: true })),
  );
  t.match(record, { timeUs: START_US, bytes: "070707", wireBytes: 3, recordOffset: 24 });
});

t.test("keeps fractions of a microsecond of the nanosecond format", async (t) => {
  const [record] = readAll(
    save(pcap([{ timeUs: 1_000_000.5, bytes: Buffer.alloc(1) }], { nanoseconds: true })),
  );
  t.equal(record?.timeUs, 1_000_000.5);
});

t.test("reads records across its buffer's edge, and larger than it", async (t) => {
  const sizes = [262_144, 262_000, 262_144, 262_143, 5, 262_144, 1_500_000, 3];
  const records = sizes.map((size, index) => ({
    timeUs: START_US + index,
    bytes: Buffer.alloc(size, index + 1),
  }));
  const path = save(pcap(records, { snaplenBytes: 2_000_000 }));
  const read = readAll(path);
  t.same(
    read.map(({ bytes }) => bytes.length / 2),
    sizes,
  );
  t.ok(
    read.every(
      ({ bytes }, index) => bytes === (index + 1).toString(16).padStart(2, "0").repeat(sizes[index]!),
    ),
  );
  const reader = openCapture(path);
  for (const index of [6, 0, 7, 3]) {
    t.ok(reader.seek(read[index]!.recordOffset));
    t.equal(reader.timeUs, START_US + index, "a record is found again by its offset");
  }
  reader.close();
  t.notOk(reader.next(), "a closed reader has no more records");
  t.doesNotThrow(() => reader.close(), "closing twice is harmless");
});

t.test("keeps what stands before a truncated tail, and says how much of it is left", async (t) => {
  const whole = pcap([
    { timeUs: START_US, bytes: Buffer.alloc(60, 1) },
    { timeUs: START_US + 1, bytes: Buffer.alloc(60, 2) },
  ]);
  for (let cut = 1; cut <= 76; cut++) {
    const reader = openCapture(save(whole.subarray(0, whole.length - cut)));
    t.ok(reader.next());
    t.notOk(reader.next());
    t.notOk(reader.next());
    t.equal(reader.truncated, cut < 76);
    t.equal(reader.truncatedBytes, 76 - cut);
    reader.close();
  }
});

t.test("an absurd length is an error that says where", async (t) => {
  const file = pcap([{ timeUs: START_US, bytes: Buffer.alloc(4) }]);
  const bad = Buffer.concat([file, Buffer.alloc(16, 0xff)]);
  const reader = openCapture(save(bad), "captures/a.pcap");
  t.ok(reader.next());
  const error = failOf(() => reader.next());
  t.equal(error.code, "EVIDENCE_INVALID");
  t.equal(
    error.message,
    "Cannot read record 2 of capture captures/a.pcap: a length of 4294967295 bytes at offset 44",
  );
  t.notOk(reader.next(), "it does not go on behind the damage");
  reader.close();
});

t.test("says what a file is that is no capture", async (t) => {
  const header = pcap([]);
  const withField = (at: number, value: number): Buffer => {
    const copy = Buffer.from(header);
    copy.writeUInt32LE(value, at);
    return copy;
  };
  const cases: readonly [Uint8Array, RegExp][] = [
    [Buffer.alloc(0), /capture\.pcap: the file is empty/],
    [Buffer.from([1, 2]), /2 bytes, less than a file header/],
    [header.subarray(0, 20), /20 bytes, less than a file header/],
    [Buffer.from("0a0d0d0a1c000000", "hex"), /8 bytes, less than a section header/],
    [Buffer.from('{"a": 1}'), /a file that begins with 0x7b226122/],
    [withField(4, 0x00040001), /pcap version 1/],
    [withField(20, 105), /link type 105/],
  ];
  for (const [bytes, message] of cases) {
    const path = save(bytes);
    const error = failOf(() => openCapture(path, "capture.pcap"));
    t.equal(error.code, "EVIDENCE_INVALID");
    t.match(error.message, message);
    t.equal(error.where?.file, "capture.pcap");
  }
  const missing = failOf(() => openCapture(join(dir, "none.pcap")));
  t.equal(missing.code, "FILE_UNREADABLE");
  t.match(missing.message, /there is no such file/);
});

t.test("reads each link type's number below flags, and a snap length of 0", async (t) => {
  for (const linktype of [1, 12, 101, 113, 228, 229, 276, 0x10000001]) {
    const options: PcapOptions = { linktype, snaplenBytes: 0 };
    const reader = openCapture(save(pcap([], options)));
    t.equal(reader.linktype, linktype & 0xffff);
    t.notOk(reader.next());
    t.notOk(reader.truncated);
    reader.close();
  }
});

t.test("random bytes end in records or in one of our errors", async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (noise, valid) => {
      const path = save(valid ? Buffer.concat([pcap([]), noise]) : noise);
      try {
        readAll(path);
      } catch (error) {
        if (!(error instanceof HopbookError)) throw error;
      }
    }),
    { numRuns: 300 },
  );
});

t.test("reads a folder as unreadable", async (t) => {
  const error = failOf(() => openCapture(dir));
  t.equal(error.code, "FILE_UNREADABLE");
  t.match(error.message, /it is a folder/);
});
