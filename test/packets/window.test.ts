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
