import { readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { pullFile } from "../../../lib/access/files/pull.js";

t.test("a link in the file's place is not written through", async (t) => {
  const dir = t.testdir({ theirs: "as it was" });
  const localPath = join(dir, "capture.pcap");
  symlinkSync(join(dir, "theirs"), localPath);
  const pull = pullFile({
    ...{ node: "node-a", remotePath: "/x.pcap", localPath, options: { action: "x", timeoutMs: 1000 } },
    run: () => Promise.reject(new Error("nothing is asked of the node")),
  });
  await t.rejects(pull, { code: "ARTIFACTS_UNWRITABLE", message: /it is a symbolic link$/ });
  t.equal(readFileSync(join(dir, "theirs"), "utf8"), "as it was");
});
