import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as zlib from "node:zlib";
import t from "tap";
import { HopbookError } from "../../lib/errors.js";
import { decompressorOf } from "../../lib/packets/compression.js";
import { openCapture } from "../../lib/packets/open.js";
import { pcap } from "../analysis/helpers/packets.js";
import { interfaceBlock, packetBlock, sectionHeader } from "./pcapng.js";

const dir = t.testdir();
const RECORDS = 20_000;
const plain = pcap(
  Array.from({ length: RECORDS }, (_, index) => {
    const bytes = Buffer.alloc(100);
    for (let at = 0; at < 40; at++) bytes[at] = (index * (at + 7) * 2_654_435_761) >>> 24;
    return { timeUs: 1_790_000_000_000_000 + index, bytes };
  }),
);
const packed = zlib.gzipSync(plain);
let files = 0;

function save(bytes: Uint8Array): string {
  const path = join(dir, `${files++}.pcap.gz`);
  writeFileSync(path, bytes);
  return path;
}

/** How many records there are, and what is wrong behind them. */
function read(path: string): { records: number; error: HopbookError | null } {
  const reader = openCapture(path, "capture.pcap.gz");
  try {
    while (reader.next());
    return { records: reader.frame, error: null };
  } catch (error) {
    if (!(error instanceof HopbookError)) throw error;
    return { records: reader.frame, error };
  } finally {
    reader.close();
  }
}

t.test("gzip: pcap and pcapng, several members, read as what is in it", async (t) => {
  const path = save(packed);
  t.strictSame(read(path), { records: RECORDS, error: null });
  const reader = openCapture(path);
  const bare = openCapture(save(plain));
  t.ok(reader.seek(24 + 116 * 9_999));
  t.ok(bare.seek(24 + 116 * 9_999));
  t.strictSame(
    Buffer.from(reader.bytes.subarray(reader.at, reader.at + 100)),
    Buffer.from(bare.bytes.subarray(bare.at, bare.at + 100)),
  );
  t.ok(reader.seek(24), "backwards");
  t.equal(reader.timeUs, 1_790_000_000_000_000);
  for (const one of [reader, bare]) one.close();
  const members = Buffer.concat([
    zlib.gzipSync(plain.subarray(0, 5000)),
    zlib.gzipSync(plain.subarray(5000)),
  ]);
  t.strictSame(read(save(members)), { records: RECORDS, error: null });
  const ng = Buffer.concat([
    sectionHeader("BE"),
    interfaceBlock("BE", { linktype: 1 }),
    packetBlock("BE", { interface: 0, units: 1n, bytes: Buffer.alloc(8) }),
  ]);
  t.strictSame(read(save(zlib.gzipSync(ng))), { records: 1, error: null });
});

t.test("gzip that is cut or damaged: what is sound is read, the rest is named", async (t) => {
  const cut = read(save(packed.subarray(0, Math.floor(packed.length / 2))));
  t.ok(cut.records > RECORDS / 4 && cut.records < RECORDS, `${cut.records}`);
  t.match(cut.error?.message, /its gzip data end before their end: unexpected end of file/);
  t.equal(cut.error?.code, "EVIDENCE_INVALID");
  const lying = Buffer.from(packed);
  lying[lying.length - 6]! ^= 0xff;
  const sound = read(save(lying));
  t.ok(sound.records > RECORDS / 2);
  t.match(sound.error?.message, /incorrect data check/);
  const damaged = Buffer.from(packed);
  const middle = Math.floor(packed.length / 2);
  damaged.fill(0xff, middle, middle + 200);
  const { records, error } = read(save(damaged));
  t.ok(error !== null && records < RECORDS);
  t.throws(() => openCapture(save(zlib.gzipSync(Buffer.from("no capture at all")))), {
    message: /begins with 0x6e6f2063/,
  });
  t.throws(() => openCapture(save(packed.subarray(0, 12))), { code: "EVIDENCE_INVALID" });
});

t.test(
  "a file that was made to fill a disk is unpacked no further than two hundred times its size",
  async (t) => {
    const bomb = zlib.gzipSync(Buffer.concat([pcap([]), Buffer.alloc(80 * 1024 * 1024)]), { level: 9 });
    const { error } = read(save(bomb));
    t.match(error?.message, /it unpacks to more than 67108864 bytes/);
  },
);

t.test("a file that has changed is unpacked anew", async (t) => {
  const path = save(zlib.gzipSync(pcap([{ timeUs: 1, bytes: Buffer.alloc(9) }])));
  t.equal(read(path).records, 1);
  writeFileSync(path, packed);
  t.equal(read(path).records, RECORDS);
});

t.test("as many packed files as there are stay readable, and not all of them stay open", async (t) => {
  const small = Array.from({ length: 18 }, (_, index) =>
    save(zlib.gzipSync(pcap(Array.from({ length: index }, () => ({ timeUs: 1, bytes: Buffer.alloc(9) }))))),
  );
  const open = (): number => Number(execFileSync("sh", ["-c", `ls /proc/${process.pid}/fd | wc -l`]));
  const before = open();
  for (const round of [0, 1])
    t.strictSame(
      small.map((path) => read(path).records),
      small.map((_, index) => index),
      `${round}`,
    );
  t.ok(open() - before <= 18);
});

t.test("what is still read by somebody stays open, however many there are", async (t) => {
  const many = Array.from({ length: 19 }, (_, index) =>
    openCapture(save(zlib.gzipSync(pcap([{ timeUs: index, bytes: Buffer.alloc(40 + index) }])))),
  );
  const [oldest, ...others] = many;
  const last = others.pop();
  last?.close();
  t.ok(oldest?.next());
  t.equal(oldest?.capturedBytes, 40);
  t.strictSame(
    others.map((reader) => reader.next() && reader.timeUs),
    others.map((_, index) => index + 1),
  );
  for (const reader of [...others, oldest]) reader?.close();
});

t.test("a Node without zstd says what to do, one with it unpacks", async (t) => {
  const createZstdDecompress = (): zlib.Gunzip => zlib.createGunzip();
  t.equal(decompressorOf("zstd", { file: "a", from: { createZstdDecompress } }), createZstdDecompress);
  t.throws(() => decompressorOf("zstd", { file: "a", from: {} }), {
    ...{ code: "EVIDENCE_INVALID", where: { file: "a" }, hint: /zstd -d/ },
    message: /it is packed with zstd, which Node \S+ cannot unpack/,
  });
});

const zstd = spawnSync("zstd", ["--version"]).status === 0 ? {} : { skip: "this machine has no zstd" };

t.test("zstd is read by the Nodes that can, and the others say so", zstd, async (t) => {
  const path = save(plain);
  execFileSync("zstd", ["-q", path, "-o", `${path}.zst`]);
  t.ok(readFileSync(`${path}.zst`).length < plain.length);
  if ("createZstdDecompress" in zlib) t.strictSame(read(`${path}.zst`), { records: RECORDS, error: null });
  else
    t.throws(() => openCapture(`${path}.zst`, "capture.zst"), {
      ...{ code: "EVIDENCE_INVALID", where: { file: "capture.zst" } },
      message: /it is packed with zstd, which Node \S+ cannot unpack/,
    });
});
