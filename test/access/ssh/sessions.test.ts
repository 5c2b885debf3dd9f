import t from "tap";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openAccess } from "../../../lib/access/registry.js";
import type { Argv } from "../../../lib/model/access.js";
import { startSshd } from "../sshd.js";

const sshd = await startSshd();
t.teardown(() => sshd.stop());
const countSessions = (): number => sshd.log().split("Starting session").length - 1;

t.test("a connection costs one session, in which commands cost none", async (t) => {
  const node = await openAccess(sshd.target());
  t.equal(countSessions(), 1);
  const run = (argv: Argv, timeoutMs: number) => node.exec(argv, { action: "test", timeoutMs });
  for (let round = 0; round < 5; round++) t.equal((await run(["true"], 5_000)).exitCode, 0);
  t.equal((await run(["echo", "leased"], 60_000)).stdout.toString(), "leased\n");
  t.equal(countSessions(), 1, "those that may take long cost none either");
  const pairs = Array.from({ length: 5 }, async () => {
    await Promise.all([run(["sleep", "0.05"], 5_000), run(["sleep", "0.05"], 60_000)]);
  });
  await Promise.all(pairs);
  const many = countSessions();
  for (let round = 0; round < 5; round++) await Promise.all([run(["true"], 5_000), run(["true"], 5_000)]);
  t.equal(countSessions(), many, "what was opened for some at once is kept for the next");
  const folder = t.testdir();
  const pulls = Array.from({ length: 6 }, async (_, index) => {
    const path = join(sshd.folder, `small ${index}`);
    writeFileSync(path, `${index}\0\n`.repeat(1000 * index));
    const local = join(folder, String(index));
    const { bytes, sha256 } = await node.pull(path, local, { action: "test", timeoutMs: 10_000 });
    t.equal(readFileSync(local, "utf8"), `${index}\0\n`.repeat(1000 * index));
    t.same([bytes, sha256], [3000 * index, createHash("sha256").update(readFileSync(local)).digest("hex")]);
  });
  await Promise.all(pulls);
  t.equal(countSessions(), many, "nor do small files");
  writeFileSync(join(sshd.folder, "large"), Buffer.alloc(300_000, "x"));
  const large = await node.pull(join(sshd.folder, "large"), join(folder, "large"), {
    action: "test",
    timeoutMs: 10_000,
  });
  t.equal(large.bytes, 300_000);
  t.equal(countSessions(), many + 1, "and a large one has its own");
  const whole = { action: "test", timeoutMs: 10_000, maxOutputBytes: 64 * 1024 * 1024 };
  t.equal((await node.exec(["head", "-c", "20000000", "/dev/zero"], whole)).stdout.length, 20_000_000);
  t.equal(countSessions(), many + 1, "what may print much has none");
  await node.close();
  t.equal(sshd.countLogins(), 1);
});
