import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { gzipSync } from "node:zlib";
import t from "tap";
import { CELL, ENDED, unpack, type UnpackJob } from "../../lib/packets/unpack.js";

const dir = t.testdir();

/** How many files are open that have no name any more. */
function namelessFiles(): number {
  return readdirSync("/proc/self/fd").filter((fd) => /hopbook-unpack-.* \(deleted\)/.test(target(fd))).length;
}

function target(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return "";
  }
}

t.test("a thread that does not go on is given up, and its file closed once it is gone", async (t) => {
  const path = join(dir, "slow.gz");
  writeFileSync(path, gzipSync(Buffer.alloc(1000)));
  const packed = openSync(path, "r");
  t.throws(() => unpack(packed, { kind: "gzip", file: "shown.gz", stalledMs: 0 }), {
    ...{ code: "FILE_UNREADABLE", where: { file: "shown.gz" } },
    message: "Cannot read capture shown.gz: nothing was unpacked for 0 s",
  });
  t.equal(namelessFiles(), 1, "the thread may still write to it");
  while (namelessFiles() > 0) await setImmediate();
  closeSync(packed);
});

t.test("of a file that is cut no more is written than is allowed", async (t) => {
  const [path, copy] = [join(dir, "cut.gz"), join(dir, "copy")];
  const text = "a capture that is cut ".repeat(50);
  writeFileSync(path, gzipSync(Buffer.from(text)).subarray(0, -9));
  const run = async (mostBytes: number): Promise<object> => {
    const cells = new Int32Array(new SharedArrayBuffer(12));
    const message = new Uint8Array(new SharedArrayBuffer(64));
    const files = { packed: openSync(path, "r"), unpacked: openSync(copy, "w+") };
    const job: UnpackJob = {
      ...{ kind: "gzip", file: "cut.gz", mostBytes },
      ...{ ...files, cells: cells.buffer, message: message.buffer },
    };
    const worker = new Worker(new URL(import.meta.resolve("../../lib/packets/unpack-worker.js")), {
      workerData: job,
    });
    await once(worker, "exit");
    for (const fd of Object.values(files)) closeSync(fd);
    const why = Buffer.from(message).subarray(0, cells[CELL.length]).toString();
    return { ended: cells[CELL.ended], why, unpacked: readFileSync(copy, "utf8") };
  };
  const ended = ENDED.damaged;
  t.strictSame(await run(10_000), { ended, why: "unexpected end of file", unpacked: text });
  t.strictSame(await run(10), { ended, why: "it unpacks to more than 10 bytes", unpacked: "" });
});
