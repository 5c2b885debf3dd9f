import t from "tap";
import { createHash } from "node:crypto";
import { spawn } from "node:child_process";
import { existsSync, readFileSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";
import { readStartTimeTicks } from "../../../lib/access/local/access.js";
import { openAccess } from "../../../lib/access/registry.js";
import type { Argv, LocalAccessConfig } from "../../../lib/model/access.js";
import { startClient } from "../clients.js";
import { isRunning, waitUntil } from "../sshd.js";

const test = { action: "test", timeoutMs: 10_000 };
const machine = await openAccess({ name: "here", access: { via: "local" } });
const sh = (script: string, ...args: string[]): Argv => ["sh", "-c", script, "hopbook-test", ...args];

t.test("stdout, stderr and the exit code apart, in / and with our environment only", async (t) => {
  process.env["HOPBOOK_TEST_SECRET"] = "s3cret";
  process.env["ZX_PREFIX"] = "echo intruder;";
  for (const code of [0, 1, 2, 126, 127, 137, 255]) {
    const result = await machine.exec(sh('pwd; env; echo "$1" >&2; exit "$2"', "a'b\n", String(code)), test);
    t.match(result, {
      node: "here",
      exitCode: code,
      signal: null,
      timedOut: false,
      canceled: false,
      truncated: false,
    });
    t.match(String(result.stdout), /^\/\n/);
    t.notMatch(String(result.stdout), /s3cret|intruder|HOME/);
    t.equal(String(result.stderr), "a'b\n\n");
    t.match(result.startedAt, /^\d{4}-.*Z$/);
  }
  t.equal((await machine.exec(["hopbook-no-such-tool"], test)).exitCode, 127);
  t.equal((await machine.exec(["/etc/passwd"], test)).exitCode, 126);
});

t.test("a signal is named", async (t) => {
  t.match(await machine.exec(sh("kill -9 $$"), test), { exitCode: null, signal: "SIGKILL" });
});

t.test("stdin: none, empty, text, bytes, and more than the command reads", async (t) => {
  for (const stdin of [undefined, "", "text\n", Buffer.from([0, 255, 10, 13])]) {
    const result = await machine.exec(["cat"], stdin === undefined ? test : { ...test, stdin });
    t.same(result.stdout, Buffer.from(stdin ?? ""));
  }
  t.equal((await machine.exec(["true"], { ...test, stdin: Buffer.alloc(5_000_000) })).exitCode, 0);
});

t.test("a time-out ends the whole group, and is told when it has ended", async (t) => {
  // Lengths that no other process of the machine sleeps for.
  const [short, length] = [`77.${process.pid}`, `78.${process.pid}`];
  const polite = await machine.exec(sh('sleep "$1"1 & sleep "$1"2; :', short), { ...test, timeoutMs: 200 });
  t.match(polite, { timedOut: true, exitCode: null, signal: "SIGTERM" });
  t.equal((await machine.exec(["pgrep", "-f", `sleep ${short}`], test)).exitCode, 1, "none is left");
  const stubborn = await machine.exec(sh('trap "" TERM; echo begun; sleep "$1"1; sleep "$1"2', length), {
    ...test,
    timeoutMs: 200,
  });
  t.match(stubborn, { timedOut: true, signal: "SIGKILL" });
  t.equal(String(stubborn.stdout), "begun\n", "what it printed is kept");
  t.ok(stubborn.durationMs >= 2_000 && stubborn.durationMs < 20_000, `${stubborn.durationMs} ms`);
  t.equal(
    (await machine.exec(["pgrep", "-f", `sleep 78[.]${process.pid}`], test)).exitCode,
    1,
    "none is left",
  );
});

t.test("a process that leaves the group and holds the pipes does not hold us", async (t) => {
  const result = await machine.exec(sh('setsid sleep 20 & echo "$!"'), { ...test, timeoutMs: 300 });
  t.match(result, { timedOut: true });
  t.ok(result.durationMs < 15_000, `${result.durationMs} ms`);
});

t.test("an abort before and while it runs", async (t) => {
  t.match(await machine.exec(["sleep", "9"], { ...test, signal: AbortSignal.abort() }), {
    canceled: true,
    durationMs: 0,
  });
  const signal = AbortSignal.timeout(100);
  const results = await Promise.all(
    Array.from({ length: 20 }, () => machine.exec(["sleep", "9"], { ...test, signal })),
  );
  for (const result of results) t.match(result, { canceled: true, timedOut: false, exitCode: null });
});

t.test("too much output ends the command", async (t) => {
  for (const script of ["exec yes", "exec yes >&2"]) {
    const result = await machine.exec(sh(script), { ...test, maxOutputBytes: 70_000 });
    t.match(result, { truncated: true, exitCode: null });
    t.equal(result.stdout.length + result.stderr.length, 70_000);
  }
  const exact = await machine.exec(sh("printf 12345"), { ...test, maxOutputBytes: 5 });
  t.match(exact, { truncated: false, exitCode: 0 });
});

t.test("what cannot be started is an error", async (t) => {
  await t.rejects(machine.exec(["echo", "x".repeat(200_000)], test), {
    code: "COMMAND_FAILED",
    message: /E2BIG/,
  });
  await t.rejects(machine.exec(["echo", "\0"], test), { code: "INPUT_INVALID" });
  for (const program of ["", "-c", "a=b"]) {
    await t.rejects(machine.exec([program], test), { code: "INTERNAL" }, JSON.stringify(program));
  }
});

t.test("pull: 200 MB in flat memory, with its hash", async (t) => {
  const folder = t.testdir();
  const source = join(folder, "source");
  const local = join(folder, "copy");
  await machine.exec(sh('head -c 200000000 /dev/urandom >"$1"', source), { ...test, timeoutMs: 60_000 });
  writeFileSync(local, "older and more open", { mode: 0o666 });
  const before = process.memoryUsage().rss;
  let most = before;
  const timer = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 5);
  const pulled = await machine.pull(source, local, { ...test, timeoutMs: 60_000 });
  clearInterval(timer);
  t.equal(pulled.bytes, 200_000_000);
  t.equal(statSync(local).mode & 0o777, 0o600);
  const grownMb = (most - before) / 1e6;
  t.comment(`memory grew by ${grownMb.toFixed(1)} MB`);
  t.ok(grownMb < 100, `${grownMb.toFixed(1)} MB`);
  t.equal(pulled.sha256, createHash("sha256").update(readFileSync(source)).digest("hex"));
});

t.test("pull: what fails leaves no empty file, what is too big is stopped", async (t) => {
  const local = join(t.testdir(), "copy");
  await t.rejects(machine.pull("-n", local, test), { code: "COMMAND_FAILED", detail: /No such file/ });
  t.notOk(existsSync(local));
  await t.rejects(machine.pull("/dev/zero", local, { ...test, maxOutputBytes: 1_000 }), {
    code: "COMMAND_FAILED",
    message: /larger than 1000 bytes/,
  });
  t.ok(statSync(local).size > 1_000, "what came is kept");
});

t.test("stream: end of stdin, a reader that is late, stderr's last part", async (t) => {
  const stream = machine.stream(sh("cat >/dev/null; seq 0 399999 | sed 's/^/line /'"), test);
  stream.end();
  await sleep(300);
  let count = 0;
  for await (const line of stream.stdoutLines) if (line === `line ${count}`) count += 1;
  t.equal(count, 400_000);
  t.same(await stream.done, { exitCode: 0, signal: null, transportLost: false });
  const unread = machine.stream(sh("yes | head -c 3000000; yes e | head -c 100000 >&2; echo last >&2"), test);
  await sleep(300);
  t.match(await unread.kill(), { transportLost: false }, "a stream that nobody reads can be killed");
  const noisy = machine.stream(sh("yes e | head -c 100000 >&2; echo last >&2"), test);
  await noisy.done;
  t.equal(noisy.stderrText().length, 64 * 1024);
  t.match(noisy.stderrText(), /last\n$/);
  t.match(await machine.stream(["sleep", "9"], { ...test, signal: AbortSignal.abort() }).done, {
    exitCode: null,
  });
});

t.test("kill -9 of the client closes a stream's stdin", async (t) => {
  const client = await startClient({ name: "here", access: { via: "local" } }, { how: "wait" });
  t.ok(isRunning(client.streamPid));
  client.child.kill("SIGKILL");
  await client.ended;
  t.ok(await waitUntil(() => !isRunning(client.streamPid)));
});

t.test("after close nothing runs", async (t) => {
  const node = await openAccess({ name: "here", access: { via: "local" } });
  const stream = node.stream(sh("cat >/dev/null; echo tidy"), test);
  const stubborn = node.stream(sh('trap "" TERM; while :; do sleep 1; done'), test);
  const running = node.exec(["sleep", "9"], test);
  await node.close();
  await node.close();
  t.match(await running, { canceled: true });
  t.match(await stream.done, { exitCode: 0 });
  t.match(await stubborn.done, { signal: "SIGKILL" });
  await t.rejects(node.exec(["true"], test), { code: "INTERNAL", message: /closed/ });
  const late = node.stream(["true"], test);
  t.match(await late.done, { transportLost: true });
  t.match(late.stderrText(), /closed/);
});

/** A process with namespaces of its own; `name` becomes its /proc/PID/comm. */
async function startNode(
  t: { teardown(end: () => unknown): void },
  flags: readonly string[],
): Promise<LocalAccessConfig & { readonly pid: number }> {
  const script = 'printf "a) (b 1 2" >/proc/self/comm; echo "$$"; exec sleep 600';
  const child = spawn(
    "unshare",
    [...flags, "-m", "-u", "-i", "-n", "-p", "-f", "--mount-proc", "--kill-child", "sh", "-c", script],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  await new Promise((resolve, reject) => {
    child.stdout.once("data", resolve);
    child.once("exit", () => reject(new Error("unshare made no namespaces: run these tests as root")));
  });
  t.teardown(() => child.kill("SIGKILL"));
  const inner = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim();
  return { via: "local", pid: Number(inner), startTimeTicks: readStartTimeTicks(Number(inner)) ?? -1 };
}

t.test("the namespaces of a process", async (t) => {
  const access = await startNode(t, []);
  const node = await openAccess({ name: "node-a", access });
  const own = await node.exec(
    sh("readlink /proc/self/ns/net /proc/self/ns/mnt /proc/self/ns/pid; echo $$; pwd"),
    test,
  );
  const expected = ["net", "mnt", "pid"].map((kind) => readlinkSync(`/proc/${access.pid}/ns/${kind}`));
  const lines = String(own.stdout).split("\n");
  t.same(lines.slice(0, 3), expected);
  t.ok(Number(lines[3]) < 100, "the PID namespace is the node's");
  t.equal(lines[4], "/");
  for (const code of [0, 1, 126, 127, 255]) {
    t.equal((await node.exec(sh('exit "$1"', String(code)), test)).exitCode, code);
  }
  t.equal((await node.exec(["hopbook-no-such-tool"], test)).exitCode, 127);
  t.match(await node.exec(sh("kill -9 $$"), test), { exitCode: null, signal: "SIGKILL" });
  t.match(await node.exec(sh("sleep 76.1 & sleep 76.2"), { ...test, timeoutMs: 300 }), { timedOut: true });
  t.equal((await machine.exec(["pgrep", "-f", "sleep 76"], test)).exitCode, 1, "none is left");
  const stream = node.stream(sh("cat >/dev/null; echo ended; sleep 0.1"), test);
  const running = node.exec(["sleep", "9"], test);
  await sleep(200);
  process.kill(access.pid, "SIGKILL");
  await t.rejects(running, {
    code: "NODE_UNREACHABLE",
    message: /Cannot enter node node-a: process \d+ is gone/,
  });
  t.match(await stream.done, { transportLost: true });
  await t.rejects(node.exec(["true"], test), { code: "NODE_UNREACHABLE", hint: /Bring the lab up again/ });
  await t.rejects(openAccess({ name: "node-a", access }), { code: "NODE_UNREACHABLE" });
});

t.test("a user namespace is entered where it is another one", async (t) => {
  const access = await startNode(t, ["-U", "-r"]);
  const node = await openAccess({ name: "node-a", access });
  const result = await node.exec(sh("readlink /proc/self/ns/user; id -u; ip link show lo"), test);
  t.match(String(result.stdout), readlinkSync(`/proc/${access.pid}/ns/user`));
  t.match(String(result.stdout), /\n0\n/);
  t.equal(result.exitCode, 0);
});

t.test("a PID that was used again is noticed", async (t) => {
  const access = { via: "local" as const, pid: process.pid, startTimeTicks: 1 };
  await t.rejects(openAccess({ name: "node-a", access }), {
    code: "NODE_UNREACHABLE",
    message: /is another one now/,
  });
  t.ok((readStartTimeTicks(process.pid) ?? 0) > 1);
  t.equal(readStartTimeTicks(2 ** 30), null);
});
