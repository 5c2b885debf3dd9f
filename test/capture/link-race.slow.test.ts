import t, { type Test } from "tap";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CAPTURE_AGENT } from "../../lib/capture/agent.js";
import { DETACHED_AGENT } from "../../lib/capture/detached-agent.js";
import { startLinkRacer } from "../fixtures/link-racer.js";

/** A user of the node races links against the names of what an agent makes in a folder such as /var/tmp. */

const canRace = process.getuid?.() === 0 && spawnSync("tcpdump", ["--version"]).status === 0;
const skip = !canRace && "needs root and tcpdump";
const HOPS = ["h1", "h2", "h3", "h4", "h5", "h6"].flatMap((id) => [id, "-", "lo", "128", "n", "icmp"]);
const LIMITS = ["5", "64", "0", "5", "4096", "0", "0"];

interface Place {
  /** Anybody may make names in it, and nobody take another's away. */
  readonly work: string;
  /** Of root alone. */
  readonly victim: string;
}

function makePlace(t: Test): Place {
  // Not below a test's own folder, whose parents another user may not pass.
  const base = mkdtempSync(join(tmpdir(), "hopbook-test-"));
  t.teardown(() => rmSync(base, { recursive: true, force: true }));
  chmodSync(base, 0o755);
  const place = { work: join(base, "work"), victim: join(base, "victim") };
  mkdirSync(place.victim, { mode: 0o700 });
  mkdirSync(place.work);
  chmodSync(place.work, 0o1777);
  return place;
}

/** Runs an agent, and lets go of it `afterMs` after its folder is there. */
async function runAgainst(
  place: Place,
  own: string,
  { argv, afterMs }: { argv: readonly string[]; afterMs: number },
): Promise<void> {
  const racer = await startLinkRacer(place.victim, [own, `${own}.detached`]);
  const agent = spawn("sh", ["-c", ...argv], { stdio: ["pipe", "ignore", "ignore"] });
  const ended = once(agent, "close");
  for (const until = Date.now() + 5_000; !existsSync(own) && Date.now() < until;) await sleep(0);
  await sleep(afterMs);
  agent.stdin.end();
  await ended;
  for (
    const until = Date.now() + 5_000;
    !lstatSync(own, { throwIfNoEntry: false })?.isSymbolicLink() && Date.now() < until;
  )
    await sleep(5);
  // What was just starting writes now, or never.
  await sleep(100);
  racer.kill("SIGKILL");
}

t.test("captures that end while they begin write nothing through a link", { skip }, async (t) => {
  for (const afterMs of [0, 4, 8, 12, 20]) {
    const place = makePlace(t);
    const own = join(place.work, "hopbook-x");
    await runAgainst(place, own, {
      argv: [CAPTURE_AGENT, "hopbook-capture", own, ...LIMITS, ...HOPS],
      afterMs,
    });
    t.strictSame(readdirSync(place.victim), [], `after ${afterMs} ms`);
    t.ok(lstatSync(own).isSymbolicLink(), "the link was there to be followed, and nothing else");
  }
});

t.test("nor do those that go on without their client", { skip }, async (t) => {
  for (const afterMs of [0, 10, 30]) {
    const place = makePlace(t);
    const own = join(place.work, "hopbook-x");
    const state = ["start", `${own}.detached`, own, "9999999999", "{}"];
    const argv = [DETACHED_AGENT, "hopbook-capture-detached", ...state, own, ...LIMITS, ...HOPS];
    await runAgainst(place, own, { argv, afterMs });
    t.strictSame(readdirSync(place.victim), [], `after ${afterMs} ms`);
  }
});
