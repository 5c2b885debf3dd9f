import t from "tap";
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
  await node.close();
  t.equal(sshd.countLogins(), 1);
});
