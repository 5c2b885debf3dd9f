import { spawn, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import t from "tap";
import { openAccess } from "../../lib/access/registry.js";
import { startCaptures } from "../../lib/capture/session.js";
import type { GuardedAccess } from "../../lib/model/guarded-access.js";
import { planLoop } from "./session-flow.js";
import { compiledOf } from "../compiled.js";
import { trustAll } from "../fixtures/trust.js";
import { placeIn } from "../fixtures/local-file.js";

const run = (...argv: string[]): boolean => spawnSync(argv[0] ?? "", argv.slice(1)).status === 0;
const netns = `hb-cap-${randomBytes(4).toString("hex")}`;
const able = run("tcpdump", "--version") && run("ip", "netns", "add", netns);
const real = able ? {} : { skip: "needs root, tcpdump and network namespaces" };
const folder = mkdtempSync(join(tmpdir(), "hopbook-session-"));
const workDir = join(folder, "node");
mkdirSync(workDir);
run("ip", "-n", netns, "link", "set", "lo", "up");
t.teardown(() => {
  run("ip", "netns", "del", netns);
  rmSync(folder, { recursive: true, force: true });
});

const ping = (): boolean =>
  run("ip", "netns", "exec", netns, "ping", "-q", "-c", "20", "-i", "0.01", "127.0.0.1");
const { signal } = new AbortController();

async function open(...names: string[]): Promise<Map<string, GuardedAccess>> {
  const accesses = names.map((name) => openAccess({ name, access: { via: "local" } }));
  return trustAll(await Promise.all(accesses));
}

/** Processes whose command line or own folder names the work folder, and what is in it. */
async function leftovers(waitMs = 12_000): Promise<string[]> {
  const now = (): string[] => {
    const running = readdirSync("/proc").filter((pid) => {
      try {
        if (!/^[0-9]+$/.test(pid)) return false;
        const words = readFileSync(`/proc/${pid}/cmdline`, "latin1");
        // tcpdump's words have no path: it works within the folder.
        return [words, readlinkSync(`/proc/${pid}/cwd`)].some((text) => text.includes(`${workDir}/`));
      } catch {
        return false;
      }
    });
    return [...running, ...readdirSync(workDir)];
  };
  for (const end = Date.now() + waitMs; Date.now() < end && now().length > 0; await sleep(50));
  return now();
}

t.test(
  "two sessions at once, on two nodes: every packet, pulled with its hash, nothing left",
  real,
  async (t) => {
    const accesses = await open("one", "two");
    const hops = [
      ["one", "lo"],
      ["two", "lo"],
    ] as const;
    const sessions = await Promise.all(
      ["aaaaaaaaaaaa", "bbbbbbbbbbbb"].map((runId) =>
        startCaptures(planLoop(netns, hops, { runId, workDir, leaseSeconds: 20 }), { accesses, signal }),
      ),
    );
    t.ok(ping());
    for (const [index, session] of sessions.entries()) {
      t.ok(session.barrier.skewMs <= session.barrier.readyAfterMs);
      await session.stop();
      const records = await session.pull(placeIn(join(folder, `run${index}`)));
      t.same(
        records.map(({ node, captured, droppedByKernel, endedEarly }) => [
          node,
          captured,
          droppedByKernel,
          endedEarly,
        ]),
        [
          ["one", 40, 0, null],
          ["two", 40, 0, null],
        ],
      );
      for (const { pcap, sha256, sizeBytes, listeningAtSec, stoppedAtSec } of records) {
        const bytes = readFileSync(join(folder, `run${index}`, pcap ?? ""));
        t.equal(bytes.length, sizeBytes);
        t.equal(createHash("sha256").update(bytes).digest("hex"), sha256);
        t.ok((stoppedAtSec ?? 0) - (listeningAtSec ?? 0) > 0.2);
      }
      t.same(await session.remove(), [], "all nodes confirm");
    }
    t.same(await leftovers(), []);
    for (const access of accesses.values()) await access.close();
  },
);

t.test(
  "one node that does not get ready is left out; it ends all that are to go on alone",
  real,
  async (t) => {
    const accesses = await open("one", "two");
    const plans = planLoop(
      netns,
      [
        ["one", "lo"],
        ["two", "nosuch0"],
      ],
      { runId: "cccccccccccc", workDir, leaseSeconds: 20 },
    );
    await t.rejects(startCaptures(plans, { accesses, signal, isTimed: true }), {
      code: "CAPTURE_FAILED",
      message: /two\.pod\.nosuch0.*nosuch0/,
    });
    t.same(await leftovers(), []);
    const session = await startCaptures(plans, { accesses, signal });
    t.match([...session.unstarted], [["two", /two\.pod\.nosuch0.*nosuch0/]]);
    await session.stop();
    const records = await session.pull(placeIn(t.testdir()));
    t.match(
      records.map(({ hopId, pcap, endedEarly }) => [hopId, pcap, endedEarly]),
      [
        ["one.pod.lo", "captures/one/one.pod.lo.pcap", null],
        ["two.pod.nosuch0", null, /^it never began: Cannot capture at two\.pod\.nosuch0/],
      ],
    );
    t.same(await session.remove(), []);
    t.same(await leftovers(), []);
    for (const access of accesses.values()) await access.close();
  },
);

t.test("abort in the middle, and a client that is killed", real, async (t) => {
  const accesses = await open("one");
  const session = await startCaptures(
    planLoop(netns, [["one", "lo"]], { runId: "dddddddddddd", workDir, leaseSeconds: 20 }),
    { accesses, signal },
  );
  t.same(await session.abort(), []);
  t.same(await leftovers(), []);
  for (const access of accesses.values()) await access.close();

  const script = compiledOf("./session-client.ts", import.meta.url);
  const client = spawn(process.execPath, [...process.execArgv, script, netns, workDir, "eeeeeeeeeeee"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const first = await Promise.race([once(client.stdout, "data"), once(client, "exit").then(() => null)]);
  t.ok(first, "the client has begun");
  t.not((await leftovers(0)).length, 0, "it captures");
  client.kill("SIGKILL");
  t.same(await leftovers(), [], "within the lease");
});
