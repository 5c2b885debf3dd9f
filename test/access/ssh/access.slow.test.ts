import t from "tap";
import { createHash, randomBytes } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openAccess } from "../../../lib/access/registry.js";
import type { Argv } from "../../../lib/model/access.js";
import { startSshd } from "../sshd.js";
import { mostMs } from "../../fixtures/patience.js";

const sshd = await startSshd();
t.teardown(() => sshd.stop());
const node = await openAccess(sshd.target());
t.teardown(() => node.close());
const sh = (script: string, ...args: string[]): Argv => ["sh", "-c", script, "hopbook-test", ...args];
const run = (argv: Argv, timeoutMs = 10_000) => node.exec(argv, { action: "test", timeoutMs });
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

t.test("exit codes come back as they are, 255 too", async (t) => {
  for (const code of [0, 1, 2, 126, 127, 128, 137, 254, 255]) {
    const result = await run(sh(`echo out; echo err >&2; exit ${code}`));
    t.equal(result.exitCode, code);
    t.equal(result.stdout.toString(), "out\n");
    t.equal(result.stderr.toString(), "err\n", "no mark is left on stderr");
    t.equal(result.signal, null);
  }
  const missing = await run(["hopbook-no-such-tool"]);
  t.equal(missing.exitCode, 127);
  t.equal((await run(["/etc/passwd"])).exitCode, 126);
});

t.test("a signal on the node is 128 + n", async (t) => {
  t.equal((await run(sh("kill -9 $$"))).exitCode, 137);
  t.equal((await run(sh("kill -TERM $$"))).exitCode, 143);
});

t.test("a session whose shell is killed has no exit code, and the connection lives", async (t) => {
  const result = await run(sh("kill -9 $(ps -o ppid= $PPID) $PPID; sleep 1"));
  t.equal(result.exitCode, null);
  t.equal((await run(["true"])).exitCode, 0);
});

t.test("arguments arrive as they are", async (t) => {
  const args = [
    "",
    " ",
    "a b",
    "'",
    `"`,
    "$HOME `id` $(id)",
    "*",
    "-n",
    "--",
    "a\nb\n",
    "\\",
    "ü€😀",
    "\x1b[31m",
    "a=b",
    "!x",
  ];
  const result = await run(sh('for a; do printf "%s\\0" "$a"; done', ...args));
  t.same(result.stdout.toString().split("\0").slice(0, -1), args);
});

t.test("the tools' folders are in PATH, nothing of ours is in the environment", async (t) => {
  process.env["HOPBOOK_TEST_SECRET"] = "s3cret";
  const env = (await run(["env"])).stdout.toString();
  t.match(env, /^PATH=\/usr\/local\/sbin:\/usr\/local\/bin:\/usr\/sbin:\/usr\/bin:\/sbin:\/bin$/m);
  t.match(env, /^LC_ALL=C$/m);
  t.notMatch(env, /s3cret/);
});

t.test("10 MB of random bytes, by exec and by pull and by stdin", async (t) => {
  const bytes = randomBytes(10_000_000);
  const path = join(sshd.folder, "random bytes'\n.pcap");
  writeFileSync(path, bytes);
  const result = await run(["cat", "--", path]);
  t.equal(sha256(result.stdout), sha256(bytes));
  const local = join(t.testdir(), "pulled");
  t.same(await node.pull(path, local, { action: "test", timeoutMs: 10_000 }), {
    bytes: 10_000_000,
    sha256: sha256(bytes),
  });
  t.equal(sha256(readFileSync(local)), sha256(bytes));
  t.equal(statSync(local).mode & 0o777, 0o600);
  const echoed = await node.exec(["sha256sum"], { action: "test", timeoutMs: 10_000, stdin: bytes });
  t.equal(echoed.stdout.toString().slice(0, 64), sha256(bytes));
});

t.test("a pull that fails says why", async (t) => {
  const local = join(t.testdir(), "pulled");
  await t.rejects(node.pull("/no/such", local, { action: "test", timeoutMs: 5_000 }), {
    code: "COMMAND_FAILED",
    where: { node: "node-a", argv: ["cat", "--", "/no/such"] },
    detail: /No such file/,
  });
  await t.rejects(node.pull("/dev/zero", local, { action: "test", timeoutMs: 300 }), {
    code: "COMMAND_TIMEOUT",
  });
  await t.rejects(node.pull("/etc/passwd", "/no/such/folder/x", { action: "test", timeoutMs: 300 }), {
    code: "ARTIFACTS_UNWRITABLE",
  });
  t.equal((await run(["true"])).exitCode, 0);
});

t.test("40 commands at once share one connection", async (t) => {
  const results = await Promise.all(
    Array.from({ length: 40 }, (_, i) => run(sh('sleep 0.05; echo "$1"', String(i)))),
  );
  t.same(
    results.map((result) => result.stdout.toString()),
    Array.from({ length: 40 }, (_, i) => `${i}\n`),
  );
  t.equal(sshd.countLogins(), 1, "sshd saw one login");
  t.equal(sshd.log().split("Connection from").length - 1, 1, "and one TCP connection");
});

t.test("a time-out, an abort, too much output", async (t) => {
  const slow = await run(["sleep", "100"], 300);
  t.match(slow, { timedOut: true, canceled: false, exitCode: null });
  t.ok(slow.durationMs < mostMs(15_000), `${slow.durationMs} ms`);
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 200);
  const aborted = await node.exec(["sleep", "30"], {
    action: "test",
    timeoutMs: 20_000,
    signal: stop.signal,
  });
  t.match(aborted, { timedOut: false, canceled: true, exitCode: null });
  const much = await node.exec(["yes"], { action: "test", timeoutMs: 20_000, maxOutputBytes: 100_000 });
  t.match(much, { truncated: true, timedOut: false, exitCode: null });
  t.equal(much.stdout.length, 100_000);
});

t.test("a NUL is refused before anything is sent", async (t) => {
  await t.rejects(run(["echo", "a\0b"]), { code: "INPUT_INVALID" });
});
