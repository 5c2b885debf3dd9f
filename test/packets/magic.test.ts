import t from "tap";
import { closeSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readMagic } from "../../lib/packets/magic.js";

t.test("what a file is by its first bytes", (t) => {
  const path = join(t.testdir(), "file");
  for (const [hex, kind] of [
    ["a1b2c3d4", "capture"],
    ["d4c3b2a100", "capture"],
    ["a1b23c4d", "capture"],
    ["4d3cb2a1", "capture"],
    ["a1b2cd34", "capture"],
    ["34cdb2a1", "capture"],
    ["0a0d0d0a", "capture"],
    ["1f8b08", "compressed"],
    ["28b52ffd04", "compressed"],
    ["28b52f", null],
    ["a1b2c3", null],
    ["", null],
  ] as const) {
    writeFileSync(path, Buffer.from(hex, "hex"));
    const fd = openSync(path, "r");
    t.equal(readMagic(fd), kind, hex);
    closeSync(fd);
  }
  t.end();
});
