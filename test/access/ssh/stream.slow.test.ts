import t from "tap";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openAccess } from "../../../lib/access/registry.js";
import type { Argv, NodeAccess } from "../../../lib/model/access.js";
import { findByNamespacePid, startClient } from "../clients.js";
import { isRunning, makeFolder, startSshd, waitUntil } from "../sshd.js";

const sshd = await startSshd();
t.teardown(() => sshd.stop());
process.env["TMPDIR"] = makeFolder("hb-access-");
t.teardown(() => rmSync(tmpdir(), { recursive: true, force: true }));
const test = { action: "test" };
const LEASED: Argv = ["sh", "-c", 'echo "$$"; cat >/dev/null; echo ended'];

async function readLine(lines: AsyncIterator<string>): Promise<string> {
  const next = await lines.next();
  if (next.done === true) throw new Error("the stream ended");
  return next.value;
}

async function isThere(node: NodeAccess, pid: string): Promise<boolean> {
  return (await node.exec(["kill", "-0", pid], { ...test, timeoutMs: 5_000 })).exitCode === 0;
}

async function waitGone(node: NodeAccess, pid: string): Promise<boolean> {
  const deadline = Date.now() + 15_000;
  while (Date.now() < deadline) {
    if (!(await isThere(node, pid))) return true;
    await sleep(20);
  }
  return false;
}

t.test("lines go to a command and come back while it runs", async (t) => {
  const node = await openAccess(sshd.target());
  t.teardown(() => node.close());
  const script = 'while read -r line; do echo "got $line"; done; echo last >&2; printf tail; exit 7';
  const stream = node.stream(["sh", "-c", script], test);
  stream.write("early\n");
  const lines = stream.stdoutLines[Symbol.asyncIterator]();
  t.equal(await readLine(lines), "got early");
  stream.write("a b\n");
  t.equal(await readLine(lines), "got a b");
  stream.end();
  stream.write("too late\n");
  t.equal(await readLine(lines), "tail");
  t.equal((await lines.next()).done, true);
  t.same(await stream.done, { exitCode: 7, signal: null, transportLost: false });
  t.equal(stream.stderrText(), "last\n");
  const own = node.stream(["sh", "-c", "echo e >&2; exit 255"], test);
  t.same(await own.done, { exitCode: 255, signal: null, transportLost: false });
  t.equal(own.stderrText(), "e\n");
});

t.test("what ends a stream here ends its stdin there: kill, abort, close", async (t) => {
  const watcher = await openAccess(sshd.target());
  const node = await openAccess(sshd.target());
  const stop = new AbortController();
  const streams = [0, 1, 2].map((i) =>
    node.stream(LEASED, i === 1 ? { ...test, signal: stop.signal } : test),
  );
  const pids = await Promise.all(
    streams.map((stream) => readLine(stream.stdoutLines[Symbol.asyncIterator]())),
  );
  for (const pid of pids) t.ok(await isThere(watcher, pid));
  const end = await streams[0]?.kill();
  t.match(end, { exitCode: null });
  t.ok(await waitGone(watcher, pids[0] ?? ""), "killed");
  stop.abort();
  await streams[1]?.done;
  t.ok(await waitGone(watcher, pids[1] ?? ""), "aborted");
  await node.close();
  t.same(await streams[2]?.done, { exitCode: 0, signal: null, transportLost: false }, "closed in order");
  t.ok(await waitGone(watcher, pids[2] ?? ""));
  await watcher.close();
});

t.test("kill -9 of the client ends the command on the node", async (t) => {
  const watcher = await openAccess(sshd.target());
  t.teardown(() => watcher.close());
  const client = await startClient(sshd.target(), { how: "wait" });
  t.ok(await isThere(watcher, String(client.streamPid)));
  const killedAt = Date.now();
  client.child.kill("SIGKILL");
  await client.ended;
  t.ok(await waitGone(watcher, String(client.streamPid)), "its stdin was closed");
  t.comment(`ended ${Date.now() - killedAt} ms after kill -9`);
});

t.test("the end of the process ends the master and removes its folder", async (t) => {
  const folder = makeFolder("hb-access-");
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const client = await startClient(sshd.target(), { how: "exit", tmpdir: folder });
  await client.ended;
  const left = (): string[] => readdirSync(folder).filter((name) => name.startsWith("hopbook-"));
  t.same(left(), []);
  const pids = (): string[] => readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  t.ok(await waitUntil(() => findByNamespacePid(pids(), client.streamPid, "cat >/dev/null") === undefined));
});

t.test("a master that is gone is made again", async (t) => {
  const before = listFolders();
  const node = await openAccess(sshd.target());
  t.teardown(() => node.close());
  const socket = join(tmpdir(), listFolders().find((name) => !before.includes(name)) ?? "", "s");
  const masterPid = findMaster(socket);
  t.ok(masterPid, "found");
  const logins = sshd.countLogins();
  process.kill(Number(masterPid), "SIGKILL"); // leaves a socket that nobody answers
  t.ok(await waitUntil(() => !isRunning(Number(masterPid))));
  const results = await Promise.all(
    [1, 2, 3].map(() => node.exec(["echo", "again"], { ...test, timeoutMs: 10_000 })),
  );
  for (const result of results) t.equal(String(result.stdout), "again\n");
  t.ok(await waitUntil(() => sshd.countLogins() > logins));
  t.equal(sshd.countLogins() - logins, 1, "by one login");
  const again = Number(findMaster(socket));
  process.kill(again, "SIGTERM"); // takes its socket with it
  t.ok(await waitUntil(() => !isRunning(again)));
  const stream = node.stream(["echo", "streamed"], test);
  for await (const line of stream.stdoutLines) t.equal(line, "streamed");
  t.match(await stream.done, { exitCode: 0, transportLost: false });
});

t.test("more commands than sessions: the others wait, and their wait has an end", async (t) => {
  const node = await openAccess(sshd.target());
  t.teardown(() => node.close());
  const streams = Array.from({ length: 6 }, () => node.stream(LEASED, test));
  await Promise.all(streams.map((stream) => readLine(stream.stdoutLines[Symbol.asyncIterator]())));
  const own = { ...test, stdin: Buffer.from("in turn\n") };
  t.match(await node.exec(["cat"], { ...own, timeoutMs: 200 }), { timedOut: true, exitCode: null });
  t.equal(
    (await node.exec(["true"], { ...test, timeoutMs: 10_000 })).exitCode,
    0,
    "a shell takes no session",
  );
  const waiting = node.exec(["cat"], { ...own, timeoutMs: 10_000 });
  await streams[0]?.kill();
  t.equal(String((await waiting).stdout), "in turn\n");
});

t.test("an sshd that gives two sessions only", async (t) => {
  const narrow = await startSshd({ extraConfig: "MaxSessions 2\n" });
  t.teardown(() => narrow.stop());
  const node = await openAccess(narrow.target());
  t.teardown(() => node.close());
  const results = await Promise.all(
    [1, 2, 3, 4, 5, 6].map(() =>
      node.exec(["sh", "-c", "sleep 0.1; echo done"], { ...test, timeoutMs: 20_000 }),
    ),
  );
  for (const result of results) t.equal(String(result.stdout), "done\n");
  t.equal(narrow.countLogins(), 1);
});

t.test("a node that goes away while a command runs", async (t) => {
  const doomed = await startSshd();
  const node = await openAccess(doomed.target());
  t.teardown(() => node.close());
  const stream = node.stream(LEASED, test);
  await readLine(stream.stdoutLines[Symbol.asyncIterator]());
  const slow = node.exec(["sleep", "30"], { ...test, timeoutMs: 20_000 });
  await sleep(300);
  await doomed.stop();
  await t.rejects(slow, {
    code: "NODE_UNREACHABLE",
    message: /connection was lost/,
    where: { node: "node-a" },
  });
  t.match(await stream.done, { exitCode: null, transportLost: true });
  await t.rejects(node.exec(["true"], { ...test, timeoutMs: 5_000 }), { code: "NODE_UNREACHABLE" });
});

t.test("a command that is given up does not outlive its own limit on the node", async (t) => {
  const node = await openAccess(sshd.target());
  t.teardown(() => node.close());
  const script = 'echo "$$" >"$1"; exec sleep 60';
  const note = join(sshd.folder, "pid");
  const result = await node.exec(["sh", "-c", script, "sh", note], { ...test, timeoutMs: 500 });
  t.equal(result.timedOut, true);
  const pid = String((await node.exec(["cat", "--", note], { ...test, timeoutMs: 5_000 })).stdout).trim();
  const deadline = Date.now() + 10_000;
  while ((await isThere(node, pid)) && Date.now() < deadline) await sleep(100);
  t.notOk(await isThere(node, pid), "timeout(1) on the node ended it");
});

function listFolders(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith("hopbook-"));
}

function findMaster(socket: string): string | undefined {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .find((pid) => {
      const words = readCommandLine(pid).split("\0");
      return words.includes("ControlMaster=yes") && words.includes(`ControlPath="${socket}"`);
    });
}

function readCommandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
