import { spawn, spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import t from "tap";
import { openLiveOutput } from "../../lib/live/output.js";
import { mostMs } from "../fixtures/patience.js";

const dir = mkdtempSync(join(tmpdir(), "hopbook-output-"));
t.teardown(() => rmSync(dir, { recursive: true, force: true }));

/** A pipe with a reader: what `script` does with its stdin. */
function pipeTo(name: string, script: string) {
  const path = join(dir, name);
  spawnSync("mkfifo", [path]);
  const reader = spawn("sh", ["-c", `exec <"$1"; ${script}`, "sh", path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<void>((resolve) => void reader.once("close", () => resolve()));
  // Both ends: it does not wait for the other one.
  return { reader, ended, fd: openSync(path, "r+") };
}

t.test("a file takes everything", async (t) => {
  const path = join(dir, "file");
  const fd = openSync(path, "w");
  const output = openLiveOutput(fd, () => t.fail("it is not closed"));
  const bytes = Buffer.alloc(3_000_000, "0123456789");
  for (let at = 0; at < bytes.length; at += 1000) output.write(bytes.subarray(at, at + 1000));
  t.equal(await output.end(10_000), 0);
  closeSync(fd);
  t.ok(readFileSync(path).equals(bytes));
});

t.test("a pipe whose reader does nothing is not waited for; what it did not take is told", async (t) => {
  const { reader, ended, fd } = pipeTo("slow", "exec sleep 60");
  const output = openLiveOutput(fd, () => t.fail("it is not closed"));
  const startedMs = performance.now();
  for (let at = 0; at < 100; at++) output.write(Buffer.alloc(10_000));
  await setImmediate();
  t.ok(performance.now() - startedMs < mostMs(2000), "nothing waited");
  t.ok(output.waitingBytes > 500_000);
  t.ok((await output.end(20)) > 500_000);
  t.ok(output.isClosed);
  output.write(Buffer.alloc(10));
  closeSync(fd);
  reader.kill();
  await ended;
});

t.test("a reader that goes away is told once, and nothing waits for it", async (t) => {
  const { ended, fd } = pipeTo("gone", "exec true");
  const path = join(dir, "gone");
  const only = openSync(path, "w");
  let closed = 0;
  const gone = new Promise<void>((resolve) => {
    const output = openLiveOutput(only, () => {
      closed++;
      resolve();
    });
    void ended.then(() => {
      closeSync(fd);
      for (let at = 0; at < 20; at++) output.write(Buffer.alloc(100_000));
    });
  });
  await gone;
  await setImmediate();
  closeSync(only);
  t.equal(closed, 1);
});
