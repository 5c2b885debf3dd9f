import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { FileWindow } from "../../lib/packets/window.js";

t.test("a window gives nothing once it is closed", async (t) => {
  const path = join(t.testdir(), "capture");
  writeFileSync(path, "0123456789");
  const window = new FileWindow(path, "capture");
  t.ok(window.need(10));
  t.notOk(window.need(11));
  window.seek(0);
  window.close();
  window.close();
  t.notOk(window.need(1));
});

t.test("a jump reads anew only what is not there, and goes on as far as the file does", async (t) => {
  const path = join(t.testdir(), "capture");
  const bytes = Uint8Array.from({ length: 400_000 }, (_, index) => index % 251);
  writeFileSync(path, bytes);
  const window = new FileWindow(path, "capture");
  t.teardown(() => window.close());
  for (const offset of [390_000, 390_100, 5, 0, 200_000, 399_999]) {
    window.seek(offset);
    const length = Math.min(300_000, bytes.length - offset);
    t.ok(window.need(length), `${length} bytes at ${offset}`);
    const { cursor } = window;
    t.equal(window.offset + cursor, offset);
    const read = window.bytes.subarray(cursor, cursor + length);
    t.equal(Buffer.compare(read, bytes.subarray(offset, offset + length)), 0);
    t.notOk(window.need(length + 200_001));
  }
});

t.test("what cannot be read is an error that names the file", async (t) => {
  const path = join(t.testdir(), "capture");
  writeFileSync(path, "0123456789");
  const window = new FileWindow(path, "shown.pcap");
  window.seek(2 ** 60);
  t.throws(() => window.need(1), {
    ...{ code: "FILE_UNREADABLE", where: { file: "shown.pcap" } },
    message: /^Cannot read capture shown.pcap: /,
  });
  window.close();
});
