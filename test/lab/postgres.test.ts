import t from "tap";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CapturesFile } from "../../lib/model/evidence.js";
import type { Findings } from "../../lib/model/findings.js";
import { mostMs } from "../fixtures/patience.js";
import { Bench, folderOf } from "./bench.js";
import { startCli } from "./cli.js";
import { Postgres, POSTGRES, POSTGRES_PORT } from "./postgres.js";

/**
 * One reset right after a start-up message among many connections to a real PostgreSQL that are well, again and again: each time
 * caught while rings go round at every hop, which are kept at once. HOPBOOK_RESETS and HOPBOOK_CONNECTIONS: how many resets, and
 * how many good connections before each.
 */

const RESETS = Number(process.env["HOPBOOK_RESETS"] ?? "5");
const CONNECTIONS = Number(process.env["HOPBOOK_CONNECTIONS"] ?? "100");
/** What a run may keep. */
const MOST_FREEZES = 20;
const FILTER = `tcp port ${POSTGRES_PORT} or udp port 4789`;

const RUNBOOK = (times: number): object => ({
  ...{ apiVersion: "hopbook.dev/v1", kind: "Runbook", metadata: { name: "postgres", title: "Resets" } },
  permissions: {
    ...{ node: {}, exec: ["runtime/*", "node/read", "netns/*", "capture/*"] },
    capture: { duration: "10m", bytes: "2GiB", filterRequired: true },
  },
  steps: [
    { id: "path", uses: "path/discover", with: { from: "shop/client", to: `shop/web:${POSTGRES_PORT}` } },
    {
      id: "ring",
      uses: "capture/start",
      with: {
        ...{ points: "${{ steps.path.outputs.paths[0].hops }}", filter: FILTER },
        ...{ ring: "2x1MB", freezes: times, maxDuration: "10m" },
      },
    },
    {
      id: "wait",
      uses: "trigger/wait",
      with: {
        packet: {
          points: "shop/client",
          filter: `tcp port ${POSTGRES_PORT} and tcp[tcpflags] & tcp-rst != 0`,
        },
        ...{ times, cooldown: "100ms", timeout: "9m" },
        freeze: { capture: "${{ steps.ring.outputs.capture }}" },
      },
    },
    { id: "stop", uses: "capture/stop", with: { capture: "${{ steps.ring.outputs.capture }}" } },
  ],
});

/** Resolves once the text came so often. */
async function saidTimes(run: ReturnType<typeof startCli>, text: string, times: number): Promise<boolean> {
  const count = (): number => run.stderr().split(text).length - 1;
  while (count() < times) {
    const more = new Promise((resolve) => run.child.stderr?.once("data", resolve));
    const ended = await Promise.race([more.then(() => false), run.done.then(() => true)]);
    if (ended) return count() >= times;
  }
  return true;
}

if (POSTGRES === undefined)
  t.test("a real PostgreSQL", { skip: "postgresql is not installed" }, () => undefined);
else {
  const bench = await Bench.open("postgres");
  t.teardown(() => bench.close());
  const postgres = await Postgres.start(bench.lab);
  // What the server starts for itself is there once it has answered.
  await postgres.connect(1);
  bench.acceptPresent();
  const took: number[] = [];

  for (let left = RESETS; left > 0; left -= MOST_FREEZES) {
    const times = Math.min(left, MOST_FREEZES);
    const options = { timeout: 60_000 + times * CONNECTIONS * 100 };
    t.test(`${times} resets, each among ${CONNECTIONS} good connections`, options, async (t) => {
      const cwd = bench.makeFolder();
      const file = join(cwd, "postgres.yaml");
      writeFileSync(file, JSON.stringify(RUNBOOK(times)));
      const args = ["run", file, "--cluster", bench.lab.files.profile, "--yes"];
      const run = startCli(bench.cli, args, { cwd, longestMs: options.timeout });
      const ports: number[] = [];
      for (let time = 1; time <= times; time += 1) {
        t.ok(await saidTimes(run, "waits from now on", time), run.stderr());
        const { answered, port, isFault } = await postgres.connect(CONNECTIONS);
        t.strictSame({ answered, isFault }, { answered: CONNECTIONS, isFault: true });
        ports.push(port);
      }
      const { exitCode, stderr } = await run.done;
      t.equal(exitCode, 3, stderr);
      const dir = folderOf(join(cwd, "artifacts"));
      const findings = JSON.parse(readFileSync(join(dir, "findings.json"), "utf8")) as Findings;
      const marks = findings.marks ?? [];
      const freezes = marks.filter(({ kind }) => kind === "freeze");
      t.equal(freezes.length, times);
      for (const [at, { text, tookMs = Infinity }] of freezes.entries()) {
        t.match(text, new RegExp(`kept: a packet at client/eth0@node-a: .*\\.${ports[at]}: Flags \\[R`));
        t.ok(tookMs < mostMs(1000), `kept ${tookMs} ms after the packet was seen`);
        took.push(tookMs);
      }
      const { captures } = JSON.parse(
        readFileSync(join(dir, "evidence/captures.json"), "utf8"),
      ) as CapturesFile;
      t.ok(captures.length >= 6, `${captures.length} hops`);
      for (const { hopId, pcap } of captures) {
        const read = ["-nn", "-r", join(dir, pcap ?? ""), "-T", "vxlan"];
        const shown = execFileSync("tcpdump", read, { encoding: "utf8", stdio: "pipe", maxBuffer: 1e9 });
        const resets = shown.split("\n").filter((line) => line.includes("Flags [R"));
        for (const port of ports) t.match(resets.join("\n"), new RegExp(`\\.${port}: Flags \\[R`), hopId);
      }
      t.match(JSON.stringify(findings.flows), /reset-before-answer/);
      await bench.expectClean(t);
    });
  }
  t.test("how fast", (t) => {
    const sorted = took.toSorted((a, b) => a - b);
    const [median, most] = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)];
    t.comment(
      `from the packet's line to every ring kept: median ${median} ms, at most ${most} ms, of ${took.length}`,
    );
    t.equal(took.length, RESETS);
    t.end();
  });
}
