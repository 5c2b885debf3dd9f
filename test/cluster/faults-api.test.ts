import { setTimeout as sleep } from "node:timers/promises";
import t from "tap";
import { mostMs } from "../fixtures/patience.js";
import { begins, ends, isLong, judge, killApi, useFaults } from "./faults-harness.js";
import { waitUntilNothingLeft } from "./left-behind.js";

/** What a run makes of an API server that is killed: before it, in mid-capture, and while it cleans up. */

const faults = await useFaults("hopbook-faults-api");
const { breakRun, look, start } = faults;

const LEASE_MS = 75_000;
/** The controllers find the API again, and then what is over. */
const KUBE_SLACK_MS = 60_000;

t.test("the API server is killed before: refused within seconds, in its own words", async (t) => {
  const back = await killApi(faults);
  try {
    const startedMs = performance.now();
    const run = start("debugPod");
    const { exitCode, said } = await run.done;
    const tookMs = Math.round(performance.now() - startedMs);
    t.comment(`exit ${String(exitCode)} after ${tookMs} ms: ${said.split("\n").at(-3) ?? ""}`);
    t.equal(exitCode, 5, said);
    t.match(said, /ECONNREFUSED|ECONNRESET|socket disconnected|hang up|did not answer/);
    // The process takes its own time to begin, on a busy machine.
    t.ok(tookMs < mostMs(30_000), `told after ${tookMs} ms`);
  } finally {
    await back();
  }
  t.strictSame((await waitUntilNothingLeft({ ...look(), withinMs: 10_000 })).left, []);
});

if (isLong) {
  t.test("the API server is killed in mid-capture, and comes back after 20 s", async (t) => {
    let back: (() => Promise<void>) | undefined;
    const broken = await breakRun(t, {
      way: "debugPod",
      raw: { count: "50" },
      act: async () => {
        back = await killApi(faults);
        await sleep(20_000);
      },
      mend: async () => back?.(),
      leaseMs: LEASE_MS,
      withinMs: LEASE_MS + KUBE_SLACK_MS,
    });
    t.not(broken.ended.exitCode, 0, "nobody is told that all is well");
    judge(t, broken, { complete: false });
  });

  t.test("the API server is killed while the run cleans up, and comes back", async (t) => {
    let back: (() => Promise<void>) | undefined;
    const broken = await breakRun(t, {
      way: "debugPod",
      raw: { count: "4" },
      at: ends("state"),
      afterMs: 0,
      act: async () => {
        back = await killApi(faults);
      },
      mendAfter: async () => back?.(),
      leaseMs: LEASE_MS,
      withinMs: LEASE_MS + KUBE_SLACK_MS,
    });
    judge(t, broken);
    t.match(broken.findings?.flows[0]?.verdict.status, "delivered", "the verdict stands");
    const left = broken.findings?.run.incomplete.join("; ") ?? "";
    // It was faster than the kill where nothing is told.
    if (left !== "") t.match(left, /not removed: .*(pod|job) .*its lease ends it, or hopbook reap/);
    t.equal(broken.ended.exitCode, left === "" ? 0 : 6);
  });

  t.test("the API server is killed in mid-capture, and stays dead until the run is over", async (t) => {
    let back: (() => Promise<void>) | undefined;
    const broken = await breakRun(t, {
      way: "debugPod",
      raw: { count: "8" },
      act: async () => {
        back = await killApi(faults);
      },
      mendAfter: async () => back?.(),
      leaseMs: LEASE_MS,
      withinMs: LEASE_MS + KUBE_SLACK_MS,
    });
    t.not(broken.ended.exitCode, 0, "nobody is told that all is well");
    judge(t, broken, { complete: false });
    t.ok(broken.tookMs < mostMs(60_000), `ended ${broken.tookMs} ms after it`);
    t.match(broken.findings?.run.incomplete.join("; "), /its lease ends it, or hopbook reap/);
  });

  t.test("the API server is killed before captures start, by ssh: the nodes do without it", async (t) => {
    let back: (() => Promise<void>) | undefined;
    const broken = await breakRun(t, {
      way: "ssh",
      raw: { count: "4" },
      at: begins("capture"),
      afterMs: 0,
      act: async () => {
        back = await killApi(faults);
      },
      mendAfter: async () => back?.(),
    });
    judge(t, broken, { complete: true });
    t.equal(broken.ended.exitCode, 0, broken.ended.said);
  });
}
