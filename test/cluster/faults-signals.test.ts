import { setTimeout as sleep } from "node:timers/promises";
import t, { type Test } from "tap";
import { runCli, startCli, type RunningCli } from "../lab/cli.js";
import { isLong, useFaults } from "./faults-harness.js";
import { waitUntilNothingLeft } from "./left-behind.js";

/** What a person sees who presses Ctrl-C, closes the terminal, or reads no further; and what is left after it. */

const faults = await useFaults("hopbook-faults-signals");
const { cli, look, profiles, work } = faults;

const RUN = ["run", "trace-path", "--from", "shop/client", "--to", "shop/web:8080", "--yes"];
const startRun = (): RunningCli =>
  startCli(cli, [...RUN, "--cluster", profiles.debugPod, "--count", "30", "--interval", "500ms"], {
    cwd: work,
  });

async function isClean(t: Test): Promise<void> {
  const { left, afterMs } = await waitUntilNothingLeft({ ...look(), withinMs: 10_000 });
  t.strictSame(left, [], `nothing is left ${afterMs} ms after it`);
}

/** No line says that something happened, and not why. */
function hasNoEmptyReason(t: Test, said: string): void {
  const empty = said.split("\n").filter((line) => /(: |; )$/.test(line) || /^\s*[!✗•]\s*$/.test(line));
  t.strictSame(empty, [], "each line has its reason");
  t.notMatch(said, /INTERNAL|defect of hopbook|\n\s+at .*:\d+:\d+/, "no stack");
}

t.test("a second Ctrl-C leaves at once, and says what it leaves; reap takes that away", async (t) => {
  const run = startRun();
  t.ok(await run.said("hops listening"), run.stderr());
  run.child.kill("SIGINT");
  t.ok(await run.said("cleaning up (again to force)"));
  run.child.kill("SIGINT");
  const { exitCode, stderr } = await run.done;
  t.equal(exitCode, 130);
  hasNoEmptyReason(t, stderr);
  const id = /ends with its lease; remove it:\n {2}hopbook reap --run ([0-9a-f]{12}) /.exec(stderr)?.[1];
  if (!t.ok(id, stderr)) return;
  const reaped = await runCli(cli, ["reap", "--run", id!, "--yes", "--cluster", profiles.debugPod], {
    cwd: work,
  });
  t.equal(reaped.exitCode, 0, reaped.stderr);
  await isClean(t);
});

t.test("nobody reads its output any more: it stops, and takes away what it made", async (t) => {
  const run = startRun();
  t.ok(await run.said("hops listening"), run.stderr());
  run.child.stderr?.destroy();
  const { exitCode } = await run.done;
  t.equal(exitCode, 130);
  await isClean(t);
});

const MOMENTS = [
  { name: "Ctrl-C while its pods start", signal: "SIGINT", after: null, afterMs: 0 },
  {
    name: "Ctrl-C while the counters are read",
    signal: "SIGINT",
    after: "Choose what to follow",
    afterMs: 300,
  },
  { name: "SIGHUP in mid-capture", signal: "SIGHUP", after: "hops listening", afterMs: 500 },
] as const;

for (const { name, signal, after, afterMs } of isLong ? MOMENTS : MOMENTS.slice(0, 2)) {
  t.test(`${name}: exit 130, each line has its reason, nothing is left`, async (t) => {
    const before = await listPods();
    const run = startRun();
    if (after === null) await podIsMade(before);
    else t.ok(await run.said(after), run.stderr());
    await sleep(afterMs);
    run.child.kill(signal);
    const { exitCode, stderr } = await run.done;
    t.equal(exitCode, 130, stderr);
    t.match(stderr, `${signal}: stopping, collecting, cleaning up (again to force)`);
    t.match(stderr, /error\[INTERRUPTED\]: /);
    t.comment(stderr.split("\n").slice(-8).join(" | "));
    hasNoEmptyReason(t, stderr);
    await isClean(t);
  });
}

/** Those that are there: what is left of another test is none of this one's. */
async function listPods(): Promise<readonly string[]> {
  const { items } = await faults.api.listNamespacedPod({ namespace: faults.namespace });
  return items.map(({ metadata }) => metadata?.uid ?? "");
}

/** Until the first of its pods is asked for. */
async function podIsMade(before: readonly string[]): Promise<void> {
  for (let tries = 0; tries < 1_500; tries += 1) {
    if ((await listPods()).some((uid) => !before.includes(uid))) return;
    await sleep(20);
  }
}
