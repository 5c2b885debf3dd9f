import t from "tap";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { countGone, coveredUntilUs } from "../../../lib/analysis/verdict/coverage.js";
import type { CaptureRecord } from "../../../lib/model/evidence.js";

const folder = mkdtempSync(join(tmpdir(), "hopbook-coverage-"));
t.teardown(() => rmSync(folder, { recursive: true }));

function makeRecord(parts: Partial<CaptureRecord>): CaptureRecord {
  return {
    hopId: "h",
    node: "n",
    interface: "eth0",
    argv: ["tcpdump"],
    filter: "icmp",
    snaplenBytes: 128,
    pcap: "h.pcap",
    sizeBytes: 0,
    sha256: null,
    listeningAtSec: 100,
    stoppedAtSec: 110,
    captured: 0,
    received: 0,
    droppedByKernel: 0,
    droppedByInterface: null,
    endedEarly: null,
    ...parts,
  };
}

/** A capture with packets of one byte at these seconds. */
function writePcap(name: string, seconds: readonly number[]): string {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65_535, 16);
  header.writeUInt32LE(1, 20);
  const records = seconds.map((second) => {
    const record = Buffer.alloc(17);
    record.writeUInt32LE(second, 0);
    record.writeUInt32LE(1, 8);
    record.writeUInt32LE(1, 12);
    return record;
  });
  const path = join(folder, name);
  writeFileSync(path, Buffer.concat([header, ...records]));
  return path;
}

t.test("what a capture surely has", async (t) => {
  const path = writePcap("some.pcap", [101, 104]);
  const empty = writePcap("empty.pcap", []);
  const full = "write error: No space left on device";
  t.equal(coveredUntilUs(null, path), null);
  t.equal(coveredUntilUs(makeRecord({ stoppedAtSec: null }), path), null);
  t.equal(coveredUntilUs(makeRecord({}), path), 110e6, "stopped in order");
  const floor = makeRecord({ endedEarly: "free disk floor" });
  t.equal(
    coveredUntilUs({ ...floor, captured: null }, path),
    104e6,
    "the disk was full before: tcpdump's last words are not there",
  );
  t.equal(
    coveredUntilUs(makeRecord({ endedEarly: "free disk floor" }), path),
    108.75e6,
    "stopped under traffic",
  );
  t.equal(coveredUntilUs(makeRecord({ endedEarly: full }), path), 104e6, "ended by an error");
  t.equal(coveredUntilUs(makeRecord({ endedEarly: full }), empty), 100e6, "an error before any packet");
  t.equal(coveredUntilUs(makeRecord({ endedEarly: full, listeningAtSec: null }), empty), 0);
  t.equal(coveredUntilUs(makeRecord({ endedEarly: full, stoppedAtSec: 102 }), path), 100.75e6);
});

t.test("what tcpdump wrote and the file has no more; a ring overwrites, and that is no loss", async (t) => {
  const reading = { records: 7, damage: null, firstUs: null, lastUs: null };
  t.equal(countGone(makeRecord({ captured: 10 }), reading), 3);
  t.equal(countGone(makeRecord({ captured: 5 }), reading), 0);
  t.equal(countGone(makeRecord({ captured: null }), reading), 0);
  t.equal(countGone(makeRecord({ captured: 10 }), { ...reading, damage: "cut off" }), 0);
  const ring = { files: 3, megabytes: 1 };
  t.equal(countGone(makeRecord({ captured: 10, ring }), reading), 0);
});
