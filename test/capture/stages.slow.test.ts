import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import t from "tap";
import { openAccess } from "../../lib/access/registry.js";
import { CAPTURE_SCRIPTS } from "../../lib/capture/scripts.js";
import { startCaptures, type CaptureEvent } from "../../lib/capture/session.js";
import type { NodeCapturePlan } from "../../lib/capture/plan.js";
import { HopbookError } from "../../lib/errors.js";
import type { GuardedAccess } from "../../lib/model/guarded-access.js";
import { findArgvFault, type KnownScripts } from "../../lib/permissions/commands/argv.js";
import { planLoop } from "./session-flow.js";
import { trust } from "../fixtures/trust.js";
import { placeIn } from "../fixtures/local-file.js";

/** What happens to a session at each of its stages, on this machine's own access and in a namespace of its own. */
const run = (...argv: string[]): boolean => spawnSync(argv[0] ?? "", argv.slice(1)).status === 0;
const netns = `hb-tr-${randomBytes(4).toString("hex")}`;
const able = run("tcpdump", "--version") && run("ip", "netns", "add", netns);
const real = able ? {} : { skip: "needs root, tcpdump and network namespaces" };
const folder = mkdtempSync(join(tmpdir(), "hopbook-stages-"));
const workDir = join(folder, "node");
mkdirSync(workDir);
run("ip", "-n", netns, "link", "set", "lo", "up");
const accesses = new Map<string, GuardedAccess>();
for (const name of ["one", "two"])
  accesses.set(name, trust(await openAccess({ name, access: { via: "local" } })));
t.teardown(async () => {
  for (const access of accesses.values()) await access.close();
  run("ip", "netns", "del", netns);
  rmSync(folder, { recursive: true, force: true });
});

const never = new AbortController().signal;
const ping = (): boolean =>
  run("ip", "netns", "exec", netns, "ping", "-q", "-c", "20", "-i", "0.01", "127.0.0.1");
const planOf = (device = "lo", leaseSeconds = 20): readonly NodeCapturePlan[] =>
  planLoop(netns, [["one", device]], { runId: randomBytes(6).toString("hex"), workDir, leaseSeconds });

function running(): string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      if (!/^[0-9]+$/.test(pid)) return false;
      const words = readFileSync(`/proc/${pid}/cmdline`, "latin1");
      // tcpdump's words have no path: it works within the folder.
      return [words, readlinkSync(`/proc/${pid}/cwd`)].some((text) => text.includes(`${workDir}/`));
    } catch {
      return false;
    }
  });
}

/**
 * Processes whose command line or own folder names the work folder, and what is in it; empty once all is gone. A busy machine takes
 * its time, but what only the lease of 20 s would end is found.
 */
async function leftovers(waitMs = 12_000): Promise<string[]> {
  const now = (): string[] => [...running(), ...readdirSync(workDir)];
  for (const end = Date.now() + waitMs; Date.now() < end && now().length > 0; await sleep(50));
  return now();
}

t.test("the agent's command and what is pulled are what the permissions name", async (t) => {
  const scripts: KnownScripts = new Map(
    Object.entries(CAPTURE_SCRIPTS).map(([name, text]) => [name, new Set([text])]),
  );
  for (const plan of planOf()) {
    t.equal(findArgvFault(plan.action, plan.argv, scripts), undefined);
    for (const { remotePath } of plan.hops)
      t.equal(findArgvFault("capture/pull", ["cat", "--", remotePath]), undefined, remotePath);
  }
});

t.test("a banner before the first line, and noise between, is passed over", real, async (t) => {
  const noise = 'echo "*** Authorized use only ***"; echo; echo "Last login: ready or not"; exec "$@"';
  const plans = planOf().map((plan): NodeCapturePlan => ({
    ...plan,
    argv: ["sh", "-c", noise, "noise", ...plan.argv],
  }));
  const events: CaptureEvent[] = [];
  const session = await startCaptures(plans, {
    accesses,
    signal: never,
    onEvent: (event) => events.push(event),
  });
  t.ok(ping());
  await session.stop();
  t.match(await session.pull(placeIn(join(folder, "noise"))), [{ captured: 40, endedEarly: null }]);
  t.same(await session.remove(), []);
  t.same(await session.abort(), [], "over already");
  t.same(
    events.map(({ line }) => line.type),
    ["listening", "ready", "closed", "stopped", "removed"],
  );
  t.same(await leftovers(), []);
});

t.test("a signal at any time of the start ends everything", real, async (t) => {
  for (const afterMs of [0, 5, 20, 40, 80]) {
    const controller = new AbortController();
    const reason = new HopbookError("INTERRUPTED", "Cannot go on: stopped");
    setTimeout(() => controller.abort(reason), afterMs);
    const outcome = await startCaptures(planOf(), { accesses, signal: controller.signal }).then(
      (session) => session.abort(),
      (error: unknown) => error,
    );
    // It was quicker than the signal, or it says that it was interrupted.
    if (!Array.isArray(outcome)) t.equal(outcome, reason, `after ${afterMs} ms`);
    else t.same(outcome, []);
    t.same(await leftovers(), [], `nothing is left after ${afterMs} ms`);
  }
});

t.test("abort after stop and after pull", real, async (t) => {
  const stopped = await startCaptures(planOf(), { accesses, signal: never });
  await stopped.stop({ settleMs: 0 });
  t.same(await stopped.abort(), []);
  t.same(await leftovers(), []);
  const pulled = await startCaptures(planOf(), { accesses, signal: never });
  await pulled.stop({ settleMs: 0 });
  await pulled.pull(placeIn(join(folder, "pulled")));
  t.same(await pulled.abort(), []);
  t.same(await leftovers(), []);
});

t.test("an agent that is killed: the node is lost, and says nothing false", real, async (t) => {
  const session = await startCaptures(planOf(), { accesses, signal: never });
  const [agent] = running().filter((pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0");
      const parent = /\) \S ([0-9]+) /.exec(readFileSync(`/proc/${pid}/stat`, "latin1"))?.[1];
      return words.includes("hopbook-capture") && parent === String(process.pid);
    } catch {
      return false; // A df of the agent's, which has just ended.
    }
  });
  process.kill(Number(agent), "SIGKILL");
  await session.stop({ settleMs: 0 });
  t.match(await session.pull(placeIn(join(folder, "lost"))), [
    { pcap: null, sha256: null, sizeBytes: 0, captured: null, endedEarly: /^node lost: / },
  ]);
  t.same(await session.remove(), ["one"], "it did not confirm");
  t.same(await leftovers(), [], "what is left of it cleans up");
});

t.test("a file that is gone is not pulled, and the record says so", real, async (t) => {
  const session = await startCaptures(planOf(), { accesses, signal: never });
  await session.stop({ settleMs: 0 });
  for (const name of readdirSync(workDir)) rmSync(join(workDir, name, "one.pod.lo.pcap"));
  t.match(await session.pull(placeIn(join(folder, "gone"))), [
    { pcap: null, sha256: null, endedEarly: /^not pulled: / },
  ]);
  t.same(await session.remove(), []);
  t.same(await leftovers(), []);
});

t.test("without a beat the node ends, and the session hears why", real, async (t) => {
  // A lease shorter than the client's beats is as good as a client that hangs.
  const session = await startCaptures(planOf("lo", 1), { accesses, signal: never });
  t.same(await leftovers(), []);
  await sleep(500); // Its last word may still be on its way.
  t.match(await session.pull(placeIn(join(folder, "lease"))), [
    { pcap: null, endedEarly: /^node lost: .*lease/ },
  ]);
  t.same(await session.remove(), [], "its last word was that all is gone");
});

t.test("what ends by itself is told", real, async (t) => {
  const other = `${netns}-b`;
  run("ip", "netns", "add", other);
  run("ip", "-n", other, "link", "set", "lo", "up");
  const plans = planLoop(other, [["one", "lo"]], { runId: "ffffffffffff", workDir, leaseSeconds: 20 });
  const told = new EventEmitter();
  const session = await startCaptures(plans, {
    accesses,
    signal: never,
    onEvent: ({ line }) => told.emit(line.type),
  });
  const ended = once(told, "ended", { signal: AbortSignal.timeout(20_000) });
  run("ip", "netns", "exec", other, "ping", "-q", "-c", "3", "-i", "0.01", "127.0.0.1");
  run("ip", "netns", "del", other);
  await ended;
  await session.stop({ settleMs: 0 });
  const [record] = await session.pull(placeIn(join(folder, "half")));
  t.match(record, {
    endedEarly: "network namespace is gone",
    pcap: "captures/one/one.pod.lo.pcap",
    captured: 6,
  });
  t.same(await session.remove(), []);
  t.same(await leftovers(), []);
});

t.test("a node that is not open, or not allowed, ends those that were started", real, async (t) => {
  const plans = planLoop(
    netns,
    [
      ["one", "lo"],
      ["two", "lo"],
    ],
    {
      runId: "abababababab",
      workDir,
      leaseSeconds: 20,
    },
  );
  const [one, two] = [accesses.get("one"), accesses.get("two")];
  if (one === undefined || two === undefined) throw new Error("no access");
  await t.rejects(startCaptures(plans, { accesses: new Map([["one", one]]), signal: never }), {
    code: "NODE_UNREACHABLE",
    message: "Cannot capture on two: it is not open to this run",
  });
  t.same(await leftovers(), []);
  const refused = new HopbookError("PERMISSION_DENIED", "Cannot run it");
  const guarded = two.beside({
    stream: () => {
      throw refused;
    },
  });
  const both = new Map([
    ["one", one],
    ["two", guarded],
  ]);
  await t.rejects(startCaptures(plans, { accesses: both, signal: never }), refused);
  t.same(await leftovers(), []);
});

t.test("several reasons are all told, and a node that does not answer is one", real, async (t) => {
  const bad = planLoop(
    netns,
    [
      ["one", "nosuch0"],
      ["two", "nosuch1"],
    ],
    {
      runId: "cdcdcdcdcdcd",
      workDir,
      leaseSeconds: 20,
    },
  );
  await t.rejects(startCaptures(bad, { accesses, signal: never }), {
    code: "CAPTURE_FAILED",
    message: /one\.pod\.nosuch0/,
    detail: /two\.pod\.nosuch1/,
  });
  t.same(await leftovers(), []);
  const silent = planOf().map((plan): NodeCapturePlan => ({ ...plan, argv: ["sleep", "30"] }));
  await t.rejects(startCaptures(silent, { accesses, signal: never, readyTimeoutMs: 200 }), {
    code: "COMMAND_TIMEOUT",
    message: /did not get ready in time/,
  });
  const dead = planOf().map((plan): NodeCapturePlan => ({
    ...plan,
    argv: ["sh", "-c", "echo oops >&2; exit 7"],
  }));
  await t.rejects(startCaptures(dead, { accesses, signal: never }), {
    code: "CAPTURE_FAILED",
    message: /oops/,
  });
});
