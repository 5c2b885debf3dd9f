import t from "tap";
import { basename, join } from "node:path";
import { DropTraceSession } from "../../lib/capture/droptrace.js";
import { startCaptures } from "../../lib/capture/session.js";
import { openStream } from "../../lib/access/streams/stream.js";
import { startProcess } from "../../lib/process/start.js";
import { openAccess } from "../../lib/access/registry.js";
import type { Argv, NodeAccess } from "../../lib/model/access.js";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { planLoop } from "./session-flow.js";
import { trustAll } from "../fixtures/trust.js";
import { placeIn } from "../fixtures/local-file.js";
import { mostMs } from "../fixtures/patience.js";

const ENV = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" };

/** A node that runs this in place of whatever it is asked to stream, and this in place of `cat`. */
async function makeLiar(answers: { stream: string; pull?: string }): Promise<NodeAccess> {
  const real = await openAccess({ name: "one", access: { via: "local" } });
  return {
    ...real,
    stream: (argv, { signal }) =>
      openStream({
        ...{ node: "one", argv, signal },
        start: (sinks) =>
          Promise.resolve(startProcess(["sh", "-c", answers.stream], { env: ENV, stdin: "open", ...sinks })),
        judge: ({ exitCode, signal: ended }, stderr) => ({
          end: { exitCode, signal: ended, transportLost: false },
          stderr,
        }),
      }),
    pull: (_, localPath, options) => real.pull(answers.pull ?? "/dev/zero", localPath, options),
  };
}

async function withMemory<T>(body: () => Promise<T>): Promise<{ result: T; grownBytes: number }> {
  const before = process.memoryUsage().rss;
  let peak = before;
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 20);
  const result = await body();
  clearInterval(watch);
  return { result, grownBytes: Math.max(peak, process.memoryUsage().rss) - before };
}

const { signal } = new AbortController();
const plans = (dir: string) =>
  planLoop("none", [["one", "lo"]], { runId: "liar", workDir: dir, leaseSeconds: 20 });

t.test("an agent that talks without end is ended, and does not fill the memory", async (t) => {
  const access = await makeLiar({ stream: "exec yes 'listening no.such.hop 99999999999999999999'" });
  const startedAt = Date.now();
  const { result, grownBytes } = await withMemory(() =>
    startCaptures(plans(t.testdir()), {
      accesses: trustAll([access]),
      signal,
      readyTimeoutMs: 3000,
    }).catch((error: unknown) => error),
  );
  t.match(result, { name: "HopbookError", code: "CAPTURE_FAILED", message: /talks without end/ });
  t.ok(Date.now() - startedAt < mostMs(8000), "in time");
  t.ok(grownBytes < 150 * 1024 * 1024, `${grownBytes} bytes`);
});

t.test("forged lines of an agent that says it is ready", async (t) => {
  const forged = [
    "ready",
    "closed ../../etc/passwd 1 2 3 4 5 6",
    `closed one.pod.lo ${"9".repeat(400)} -1 1e9 NaN x 99999999999999999999`,
    "listening",
    "stopped",
    "removed",
  ];
  const access = await makeLiar({
    stream: `printf '%s\\n' ${forged.map((line) => `'${line}'`).join(" ")}; exec cat >/dev/null`,
  });
  const runDir = t.testdir({ run: {} });
  const session = await startCaptures(plans(runDir), { accesses: trustAll([access]), signal });
  t.same(session.barrier.skewMs, 0);
  const startedAt = Date.now();
  const { result: records, grownBytes } = await withMemory(() =>
    session.pull(placeIn(`${runDir}/run`), signal),
  );
  t.ok(Date.now() - startedAt < mostMs(20_000), "a file without an end is cut");
  t.ok(grownBytes < 150 * 1024 * 1024);
  t.match(records[0], { pcap: null, endedEarly: /larger than 4194304 bytes/ });
  await session.remove();
});

t.test("many nodes listen to one signal, and Node has no word of warning about that", async (t) => {
  const access = await makeLiar({ stream: "printf 'ready\\n'; read -r word; echo removed" });
  const names = Array.from({ length: 16 }, (_, index) => `n${index}`);
  const [plan] = plans(t.testdir());
  const warned: string[] = [];
  const onWarning = ({ message }: Error): void => void warned.push(message);
  process.on("warning", onWarning);
  const session = await startCaptures(
    names.map((node) => ({ ...plan!, node })),
    { accesses: trustAll(names.map((node) => ({ ...access, node }))), signal: new AbortController().signal },
  );
  t.strictSame(await session.remove(), []);
  await sleep(10);
  process.off("warning", onWarning);
  t.strictSame(warned, []);
});

t.test("a trace without an end", async (t) => {
  const access = await makeLiar({ stream: `echo ready; read -r word; exec yes ${"x".repeat(1000)}` });
  const argv: Argv = ["sh"];
  const session = new DropTraceSession([{ node: "one", argv }], trustAll([access]));
  await session.ready();
  const { result, grownBytes } = await withMemory(() => session.collect());
  t.match(result[0], { text: null, unavailable: "the trace has no end" });
  t.ok(grownBytes < 300 * 1024 * 1024, `${grownBytes} bytes`);
});

t.test("another user of the node cannot make the agent kill a process", async (t) => {
  const victim = spawn("sleep", ["60"]);
  const dir = t.testdir();
  const [plan] = plans(dir);
  if (plan === undefined) return;
  const words = plan.argv.slice(1).map((word) => (word === "/run/netns/none" ? "/proc/self/ns/net" : word));
  const agent = spawn(plan.argv[0], words, {
    env: { ...ENV },
    stdio: ["pipe", "pipe", "ignore"],
  });
  const ended = once(agent, "exit");
  for (let tries = 0; tries < 100 && !existsSync(plan.dir) && agent.exitCode === null; tries++)
    await sleep(20);
  await sleep(300);
  t.equal(agent.exitCode, null, "the agent is at work");
  // A folder of temporary files is open to all: they can make every name that is not there yet.
  for (const name of ["ending", "pids"].map((folder) => `${plan.dir}.${folder}`)) {
    mkdirSync(name);
    writeFileSync(join(name, "x.pid"), `${victim.pid ?? 0}\n`);
  }
  agent.stdin.end();
  await ended;
  await sleep(300);
  t.equal(victim.exitCode ?? victim.signalCode, null, "the victim lives");
  t.same(
    readdirSync(dir).sort(),
    [`${basename(plan.dir)}.ending`, `${basename(plan.dir)}.pids`],
    "only theirs is left",
  );
  victim.kill("SIGKILL");
});
