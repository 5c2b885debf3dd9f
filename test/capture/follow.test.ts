import { spawn } from "node:child_process";
import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import t, { type Test } from "tap";
import { CaptureFollower } from "../../lib/capture/follow.js";
import { parseFollowLine } from "../../lib/capture/follow-lines.js";
import type { NodeCapturePlan } from "../../lib/capture/index.js";
import type { Argv, NodeAccess, NodeStream, StreamOptions } from "../../lib/model/access.js";
import type { LiveClock, LiveCounts, LiveFeed } from "../../lib/model/live/view.js";
import { trust } from "../fixtures/trust.js";

/** A command of this machine as a node's. */
function streamHere(argv: Argv, env: NodeJS.ProcessEnv): NodeStream {
  const [program, ...args] = argv;
  const child = spawn(program, args, { env, stdio: ["pipe", "pipe", "pipe"] });
  let stderr = "";
  child.stderr.on("data", (chunk) => (stderr += String(chunk)));
  child.stdin.on("error", () => undefined);
  const done = new Promise<{ exitCode: number | null; signal: string | null; transportLost: boolean }>(
    (resolve) =>
      child.once("close", (exitCode, signal) => resolve({ exitCode, signal, transportLost: false })),
  );
  return {
    ...{ node: "n", argv, write: (text) => void child.stdin.write(text), end: () => void child.stdin.end() },
    ...{ stdoutLines: createInterface(child.stdout), stderrText: () => stderr, done },
    kill: () => {
      child.kill("SIGKILL");
      return done;
    },
  };
}

function setUp(t: Test, env: NodeJS.ProcessEnv = process.env) {
  const dir = join(mkdtempSync(join(tmpdir(), "hopbook-follow-")), "hopbook-0123456789ab-n");
  mkdirSync(join(dir, "pids"), { recursive: true });
  t.teardown(() => rmSync(join(dir, ".."), { recursive: true, force: true }));
  const asked: StreamOptions[] = [];
  const access: NodeAccess = {
    ...{ node: "n", via: "local", close: () => Promise.resolve() },
    exec: () => Promise.reject(new Error("nothing to run")),
    pull: () => Promise.reject(new Error("nothing to pull")),
    stream: (argv, options) => {
      asked.push(options);
      return streamHere(argv, env);
    },
  };
  const plan = {
    node: "n",
    dir,
    hops: [{ hop: { id: "a" } }, { hop: { id: "b" } }],
  } as unknown as NodeCapturePlan;
  const seen = {
    bytes: new Map<string, Buffer>(),
    clocks: [] as LiveClock[],
    blind: [] as string[],
    gaps: 0,
  };
  const counts: LiveCounts[] = [];
  let onNews: () => void = () => undefined;
  const feed: LiveFeed & { hasRoom: boolean } = {
    hasRoom: true,
    join: () => undefined,
    clock: (_node, clock) => void seen.clocks.push(clock),
    bytes(id, chunk) {
      seen.bytes.set(id, Buffer.concat([seen.bytes.get(id) ?? Buffer.alloc(0), chunk]));
      onNews();
    },
    gap: () => void seen.gaps++,
    grown: () => undefined,
    counts(_id, said) {
      counts.push(said);
      onNews();
    },
    blind(_node, why) {
      seen.blind.push(why);
      onNews();
    },
    end: () => Promise.resolve(),
  };
  const begin = (countsEveryMs: number | null = null): CaptureFollower =>
    new CaptureFollower(plan, trust(access), {
      ...{ feed, view: { wantsPackets: true, countsEveryMs }, nameOf: (id) => `n ${id}` },
    });
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise<void>((resolve) => (onNews = resolve));
  };
  return { dir, asked, feed, seen, counts, begin, until };
}

t.test("files are followed as they grow, to their last byte", async (t) => {
  const { dir, asked, seen, begin, until } = setUp(t);
  const [a, b] = [Buffer.alloc(10_000, "abc"), Buffer.alloc(1_500_000, "0123456789")];
  writeFileSync(join(dir, "a.pcap"), a);
  writeFileSync(join(dir, "c.pcap"), "nobody asked for it");
  const follower = begin();
  await until(() => seen.bytes.get("n a")?.length === a.length);
  appendFileSync(join(dir, "a.pcap"), "more");
  writeFileSync(join(dir, "b.pcap"), b);
  await follower.finish(10_000);
  t.ok(seen.bytes.get("n a")?.equals(Buffer.concat([a, Buffer.from("more")])));
  t.ok(seen.bytes.get("n b")?.equals(b));
  t.equal(seen.bytes.size, 2);
  t.ok(
    seen.clocks.every(({ aheadMs, errorMs }) => Math.abs(aheadMs) <= errorMs + 1),
    "it is this machine's clock",
  );
  t.strictSame(seen.blind, []);
  t.strictSame(asked, [{ action: "capture/pull", reads: dir }]);
});

t.test("what is too far behind is left out, but nothing where there is room", async (t) => {
  const { dir, feed, seen, begin, until } = setUp(t);
  writeFileSync(join(dir, "a.pcap"), Buffer.alloc(5000));
  const follower = begin();
  await until(() => seen.bytes.get("n a")?.length === 5000);
  feed.hasRoom = false;
  appendFileSync(join(dir, "a.pcap"), Buffer.alloc(20 * 1024 * 1024));
  feed.hasRoom = true;
  await until(() => seen.gaps === 1);
  await follower.finish(10_000);
  const { length } = seen.bytes.get("n a") ?? { length: 0 };
  t.ok(length >= 1024 * 1024 && length < 2 * 1024 * 1024, String(length));
  t.equal(statSync(join(dir, "a.pcap")).size, 20 * 1024 * 1024 + 5000);
});

t.test("tcpdump is asked for its numbers, and no other program", async (t) => {
  const { dir, counts, begin, until } = setUp(t);
  const said =
    "tcpdump: listening on eth0\ntcpdump: 5 packets captured, 7 packets received by filter, 1 packet dropped by kernel\n";
  writeFileSync(join(dir, "a.err"), said);
  writeFileSync(join(dir, "a.up"), "");
  const other = spawn("sleep", ["60"]);
  writeFileSync(join(dir, "pids", "a.pid"), `${String(other.pid)}\n`);
  const follower = begin(1000);
  await until(() => counts.length > 0);
  await follower.finish(5000);
  t.strictSame(counts[0], { captured: 5, received: 7, droppedByKernel: 1, droppedByInterface: null });
  t.equal(other.exitCode ?? other.signalCode, null, "it goes on");
  other.kill();
});

t.test("it ends with the captures' agent, and says why it sees nothing", async (t) => {
  const { dir, seen, begin, until } = setUp(t);
  writeFileSync(join(dir, "a.pcap"), "x");
  const follower = begin();
  await until(() => seen.bytes.size === 1);
  rmSync(dir, { recursive: true });
  await until(() => seen.blind.length === 1);
  await follower.finish(1000);

  const bin = join(mkdtempSync(join(tmpdir(), "hopbook-no-tools-")), "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "sh"), '#!/bin/sh\nexec /bin/sh "$@"\n');
  chmodSync(join(bin, "sh"), 0o755);
  t.teardown(() => rmSync(join(bin, ".."), { recursive: true }));
  const bare = setUp(t, { PATH: bin });
  const blind = bare.begin();
  await bare.until(() => bare.seen.blind.length === 1);
  await blind.finish(1000);
  t.match(bare.seen.blind, ["it has no dd"]);
});

t.test("lines that are none of the follower's are passed over", async (t) => {
  for (const line of ["Welcome to node-a", "at noon", "size a", "size a -1", "data a x", ""]) {
    t.equal(parseFollowLine(line), null, line);
  }
  t.strictSame(parseFollowLine("at 1700000000"), { type: "at", sec: 1_700_000_000, errorMs: 500 });
  t.strictSame(parseFollowLine("at 1700000000.5"), { type: "at", sec: 1_700_000_000.5, errorMs: 0 });
  t.match(parseFollowLine("data a 7 QUJD"), {
    type: "data",
    hopId: "a",
    block: 7,
    bytes: Buffer.from("ABC"),
  });
  t.match(parseFollowLine("error dir /x"), { type: "error", why: "dir /x" });
});
