import t, { type Test } from "tap";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { HopbookError } from "../../lib/errors.js";
import type { Argv, ExecOptions, NodeAccess } from "../../lib/model/access.js";
import { systemClock, type Clock } from "../../lib/model/clock.js";
import {
  createReplayer,
  ReplayPlan,
  startRecording,
  type Recorder,
  type Replayer,
} from "../../lib/recording/index.js";
import { HEADER, makeFolder, makeNode } from "./kit.js";
import { trust } from "../fixtures/trust.js";
import { withBusyPool } from "../fixtures/busy-pool.js";
import { mostMs } from "../fixtures/patience.js";

const READ: ExecOptions = { action: "node/read", timeoutMs: 1000 };

function record(
  t: Test,
  node: NodeAccess,
  secrets: readonly string[] = [],
): { dir: string; access: NodeAccess; recorder: Recorder } {
  const dir = t.testdir({});
  const recorder = startRecording(makeFolder(dir, secrets), { header: HEADER });
  return { dir, recorder, access: recorder.wrap(trust(node)) };
}

async function replay(dir: string): Promise<{ access: NodeAccess; replayer: Replayer }> {
  const replayer = createReplayer(await ReplayPlan.load(dir), { currentSteps: () => ["s"] });
  return { replayer, access: replayer.access("n", "ssh") };
}

t.test("what a command gave is what it gives again, in its order", async (t) => {
  const big = Buffer.alloc(5000, 0xff);
  let count = 0;
  const { dir, access, recorder } = record(
    t,
    makeNode((argv) => {
      count += 1;
      if (argv[0] === "fail") return new HopbookError("NODE_UNREACHABLE", "gone", { hint: "look" });
      if (argv[0] === "big")
        return { stdout: big, stderr: Buffer.from("é"), truncated: true, exitCode: null };
      return { stdout: Buffer.from(`answer ${count}`), exitCode: count };
    }),
  );
  const commands: Argv[] = [["ip", "link"], ["ip", "link"], ["big"], ["fail"]];
  const results = [];
  for (const argv of commands) results.push(await access.exec(argv, READ).catch((error: unknown) => error));
  t.equal(recorder.finish(), null);
  const again = await replay(dir);
  const second = [];
  for (const argv of commands)
    second.push(await again.access.exec(argv, READ).catch((error: unknown) => error));
  t.same(second.slice(0, 3), results.slice(0, 3));
  t.match(second[3], { code: "NODE_UNREACHABLE", message: "gone", hint: "look", where: { node: "n" } });
  t.equal(again.replayer.fault, null, "a recorded error is no fault of the replay");
});

t.test("secrets reach no file of it, and what is said twice is kept once", async (t) => {
  const secret = "hunter2-secret";
  const text = Buffer.from(`${"x".repeat(3000)} ${secret}`);
  const { dir, access, recorder } = record(
    t,
    makeNode(() => ({ stdout: text })),
    [secret],
  );
  await access.exec(["ip", secret], READ);
  await access.exec(["ip", "b"], READ);
  const stream = access.stream(["cat"], READ);
  stream.write(`${secret}\n`);
  stream.end();
  for await (const line of stream.stdoutLines) t.type(line, "string");
  recorder.finish();
  const blobs = readdirSync(join(dir, "recording/blobs"));
  t.equal(blobs.length, 2, "one output and one stream");
  for (const file of [...blobs.map((name) => `blobs/${name}`), "index.jsonl"])
    t.notMatch(readFileSync(join(dir, "recording", file), "utf8"), /hunter2/, file);
});

t.test("a stream says each line once what it answers was written", async (t) => {
  const play = async (access: NodeAccess): Promise<unknown[]> => {
    const seen: unknown[] = [];
    const stream = access.stream(["agent"], { action: "netns/tcpdump" });
    const lines = stream.stdoutLines[Symbol.asyncIterator]();
    seen.push((await lines.next()).value);
    stream.write("beat\n");
    stream.write("stop\n");
    seen.push((await lines.next()).value);
    stream.write("remove\n");
    seen.push((await lines.next()).value);
    stream.end();
    seen.push((await lines.next()).done, await stream.done, stream.stderrText());
    return seen;
  };
  const { dir, access, recorder } = record(
    t,
    makeNode(() => ({})),
  );
  const first = await play(access);
  t.strictSame(first, [
    "ready",
    "heard stop",
    "heard remove",
    true,
    { exitCode: 7, signal: null, transportLost: false },
    "some words",
  ]);
  recorder.finish();
  t.strictSame(await play((await replay(dir)).access), first);
});

t.test("answers come in the order in which they came, whatever is asked first", async (t) => {
  const waits = new Map<string, () => void>();
  const { dir, access, recorder } = record(
    t,
    makeNode(
      ([name]) => new Promise((resolve) => waits.set(name, () => resolve({ stdout: Buffer.from(name) }))),
    ),
  );
  const order: string[] = [];
  const ask = (from: NodeAccess, name: string): Promise<unknown> =>
    from.exec([name], READ).then(() => order.push(name));
  const [a, b] = [ask(access, "a"), ask(access, "b")];
  await new Promise((resolve) => setImmediate(resolve));
  waits.get("b")?.();
  await b;
  waits.get("a")?.();
  await a;
  recorder.finish();
  t.strictSame(order.splice(0), ["b", "a"]);
  const again = (await replay(dir)).access;
  await Promise.all([ask(again, "a"), ask(again, "b")]);
  t.strictSame(order, ["b", "a"]);
});

t.test("what was never asked for is missing: with the step, the command and the nearest one", async (t) => {
  const { dir, access, recorder } = record(
    t,
    makeNode(() => ({})),
  );
  await access.exec(["ip", "-j", "link", "show", "dev", "eth0"], READ);
  await access.exec(["ip", "-j", "route"], READ);
  recorder.finish();
  const { access: again, replayer } = await replay(dir);
  const error = await again
    .exec(["ip", "-j", "link", "show", "dev", "eth1"], READ)
    .catch((thrown: unknown) => thrown);
  t.match(error, { code: "RECORDING_MISSING", message: /by step s$/, where: { node: "n", argv: ["ip"] } });
  t.match(
    (error as HopbookError).detail,
    /asked for: n, node\/read: .*"eth1"\]\nnearest recorded: n, node\/read: .*"eth0"\]/,
  );
  t.equal(replayer.fault, error);
  t.ok(replayer.signal.aborted, "the replay is over");
  const other = await replay(dir);
  await other.access.exec(["ip", "-j", "route"], READ);
  const twice = await other.access.exec(["ip", "-j", "route"], READ).catch((thrown: unknown) => thrown);
  t.match((twice as HopbookError).detail, /recorded once, and is asked for once more/);
  t.throws(() => other.access.stream(["ip"], READ), { code: "RECORDING_MISSING" });
  await t.rejects(other.access.pull("/x", "/y", READ), { code: "RECORDING_MISSING" });
  await t.rejects(other.access.exec(["ip", "-j", "route"], { ...READ, action: "netns/read" }), {
    code: "RECORDING_MISSING",
  });
});

t.test("hopbook's own scripts are known by their names, others by their text", async (t) => {
  const { dir, access, recorder } = record(
    t,
    makeNode(() => ({})),
  );
  await access.exec(["sh", "-c", "\nold text\n", "hopbook-tools", "x"], READ);
  await access.exec(["sh", "-c", "\nold text\n", "mine"], READ);
  recorder.finish();
  const { access: again } = await replay(dir);
  t.match(await again.exec(["sh", "-c", "\nnew text\n", "hopbook-tools", "x"], READ), { exitCode: 0 });
  await t.rejects(again.exec(["sh", "-c", "\nnew text\n", "mine"], READ), { code: "RECORDING_MISSING" });
});

t.test("waits are not waited for, and an interruption comes where it came", async (t) => {
  const { dir, access, recorder } = record(
    t,
    makeNode(
      (argv, { signal }) =>
        new Promise((resolve) => {
          if (argv[0] !== "long") return resolve({});
          signal?.addEventListener("abort", () => resolve({ canceled: true, exitCode: null }), {
            once: true,
          });
        }),
    ),
  );
  const abort = new AbortController();
  recorder.watch(abort.signal);
  const clock = recorder.wrapClock({ ...systemClock, sleep: () => Promise.resolve() });
  const run = async (on: NodeAccess, time: typeof clock, signal: AbortSignal): Promise<unknown[]> => {
    await on.exec(["first"], READ);
    await time.sleep(3_600_000);
    const limit = time.limit(50);
    const { canceled } = await on.exec(["long"], { ...READ, signal });
    limit.clear();
    return [canceled, signal.aborted, limit.signal.aborted];
  };
  setTimeout(() => abort.abort(), 10);
  const first = await run(access, clock, abort.signal);
  recorder.finish();
  const { access: again, replayer } = await replay(dir);
  const startedMs = performance.now();
  t.strictSame(await run(again, replayer.clock, replayer.signal), first);
  t.strictSame(first, [true, true, false]);
  t.ok(performance.now() - startedMs < mostMs(1000));
});

t.test("the time is what it was each time that it was looked at; then it stands still", async (t) => {
  const { dir, recorder } = record(
    t,
    makeNode(() => ({})),
  );
  const times = [1_000, 1_250, 61_000];
  const clock = recorder.wrapClock({ ...systemClock, nowMs: () => times.shift() ?? Infinity });
  t.strictSame([clock.nowMs("a"), clock.nowMs("b"), clock.nowMs("a")], [1_000, 1_250, 61_000]);
  recorder.finish();
  const { replayer } = await replay(dir);
  const { clock: again } = replayer;
  const looks = ["b", "b", "a", "a", "a"].map((step) => again.nowMs(step));
  t.strictSame(looks, [1_250, 1_250, 1_000, 61_000, 61_000], "each step's, whichever is first");
  const old = record(
    t,
    makeNode(() => ({})),
  );
  old.recorder.finish();
  const { replayer: without } = await replay(old.dir);
  t.equal(
    without.clock.nowMs(),
    Date.parse("2026-01-01T00:00:00.000Z"),
    "of a recording of before: its start",
  );
});

t.test("a time limit that ran out runs out again, at the same place", async (t) => {
  const { dir, access, recorder } = record(
    t,
    makeNode(
      (_argv, { signal }) =>
        new Promise((resolve) => {
          signal?.addEventListener("abort", () => resolve({ canceled: true, exitCode: null }), {
            once: true,
          });
        }),
    ),
  );
  const clock = recorder.wrapClock(systemClock);
  const run = async (on: NodeAccess, time: typeof clock, ms: number): Promise<unknown[]> => {
    const limit = time.limit(ms);
    const { canceled } = await on.exec(["long"], { ...READ, signal: limit.signal });
    return [canceled, limit.signal.aborted];
  };
  // The limit's own timer holds no process open.
  const hold = setTimeout(() => undefined, 5000);
  t.strictSame(await run(access, clock, 20), [true, true]);
  clearTimeout(hold);
  recorder.finish();
  const { access: again, replayer } = await replay(dir);
  t.strictSame(await run(again, replayer.clock, 20), [true, true]);
});

t.test("a disk that takes nothing ends the recording, not the run", async (t) => {
  const dir = t.testdir({});
  const folder = { ...makeFolder(dir), path: () => join(dir, "no/such/folder") };
  const recorder = startRecording(folder, { header: HEADER });
  const access = recorder.wrap(trust(makeNode(() => ({ stdout: Buffer.alloc(4000) }))));
  t.match(await access.exec(["ip"], READ), { exitCode: 0 });
  const stream = access.stream(["cat"], READ);
  stream.end();
  for await (const line of stream.stdoutLines) t.type(line, "string");
  t.match(recorder.finish(), /could not be written/);
});

t.test("what is too long is left out, and missed only by those who want it", async (t) => {
  const dir = t.testdir({});
  const limits = { maxBlobBytes: 2000, maxTotalBytes: 10_000_000 };
  const recorder = startRecording(makeFolder(dir), { header: HEADER, limits });
  const access = recorder.wrap(
    trust(makeNode(([name]) => ({ stdout: Buffer.alloc(name === "big" ? 4000 : 10) }))),
  );
  await access.exec(["big"], READ);
  await access.exec(["small"], READ);
  t.match(recorder.finish(), /4000 bytes was left out/);
  t.notOk(existsSync(join(dir, "recording/blobs")));
  const { access: again } = await replay(dir);
  await t.rejects(again.exec(["big"], READ), { code: "RECORDING_MISSING", message: /4000 bytes/ });
});

t.test("what a run does on its own machine is done before the next comes, however slow", async (t) => {
  const { dir, access, recorder } = record(
    t,
    makeNode(() => ({})),
  );
  const notes = join(dir, "notes");
  writeFileSync(notes, "");
  /** What is heard is written down on the disk, and looked at a while later. */
  const run = async (on: NodeAccess, time: Clock): Promise<unknown> => {
    const stream = on.stream(["agent"], { action: "netns/tcpdump" });
    const lines = stream.stdoutLines[Symbol.asyncIterator]();
    const writing = lines.next().then(({ value }) => writeFile(notes, String(value)));
    await time.sleep(300);
    const seen = readFileSync(notes, "utf8");
    await writing;
    stream.end();
    await stream.done;
    return seen;
  };
  const seen = await run(access, recorder.wrapClock(systemClock));
  recorder.finish();
  t.equal(seen, "ready");
  writeFileSync(notes, "");
  const again = await replay(dir);
  t.equal(await withBusyPool(() => run(again.access, again.replayer.clock)), seen);
});

t.test("waits and limits of the same length are each their step's", async (t) => {
  const { dir, recorder } = record(
    t,
    makeNode(() => ({})),
  );
  const ends = new Map<string, () => void>();
  const clock = recorder.wrapClock({
    ...systemClock,
    sleep: (_ms, _signal, step = "") => new Promise((resolve) => ends.set(step, resolve)),
  });
  const run = (time: typeof clock, order: string[]): Promise<unknown> =>
    Promise.all(["a", "b"].map((step) => time.sleep(1000, undefined, step).then(() => order.push(step))));
  const order: string[] = [];
  const first = run(clock, order);
  ends.get("b")?.();
  await new Promise((resolve) => setImmediate(resolve));
  ends.get("a")?.();
  await first;
  // The limit's own timer holds no process open.
  const hold = setTimeout(() => undefined, 60_000);
  const over = clock.limit(20, "b");
  await new Promise((resolve) => over.signal.addEventListener("abort", resolve, { once: true }));
  clearTimeout(hold);
  recorder.finish();
  t.strictSame(order.splice(0), ["b", "a"]);
  const again = (await replay(dir)).replayer.clock;
  await Promise.all(
    ["b", "a"].map((step) => again.sleep(1000, undefined, step).then(() => order.push(step))),
  );
  t.strictSame(order, ["b", "a"], "whoever waits first");
  const [own, others] = [again.limit(20, "b"), again.limit(20, "a")];
  await new Promise((resolve) => own.signal.addEventListener("abort", resolve, { once: true }));
  t.notOk(others.signal.aborted);
});
