import t from "tap";
import { HopbookError } from "../../../lib/errors.js";
import { systemClock, type Clock } from "../../../lib/model/clock.js";
import type { KubeReader, KubeWatchRequest } from "../../../lib/model/kube.js";
import { Changes } from "../../../lib/steps/shared/changes.js";

const LIST = { group: "", version: "v1", resource: "pods", namespace: "shop" } as const;
const REFUSED = new HopbookError("KUBE_FORBIDDEN", "not allowed");

/** An API of which each question is the test's to answer, and a clock of which each wait is too. */
function setUp() {
  const asked: {
    readonly request: KubeWatchRequest;
    readonly answer: (told: string | null | Error) => void;
  }[] = [];
  const sleeps: { readonly ms: number; readonly end: () => void }[] = [];
  const kube = {
    watch: (request: KubeWatchRequest) =>
      new Promise<string | null>((resolve, reject) => {
        request.signal?.addEventListener("abort", () => reject(REFUSED));
        asked.push({
          request,
          answer: (told) => (told instanceof Error ? reject(told) : resolve(told)),
        });
      }),
  } as Partial<KubeReader> as KubeReader;
  const clock: Clock = {
    ...systemClock,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const onAbort = (): void => reject(new DOMException("over", "AbortError"));
        if (signal?.aborted === true) return onAbort();
        signal?.addEventListener("abort", onAbort, { once: true });
        sleeps.push({ ms, end: resolve });
      }),
  };
  return { asked, sleeps, kube, clock };
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const never = new AbortController().signal;

t.test("a change ends the wait a little later; without one it takes its time", async (t) => {
  const { asked, sleeps, ...context } = setUp();
  const changes = new Changes([LIST], context);
  const begun = changes.begin();
  t.match(asked[0]?.request, { ...LIST, from: null });
  asked[0]?.answer("7");
  await begun;

  const first = changes.wait(3000, never);
  t.equal(asked[1]?.request.from, "7");
  t.equal(sleeps[0]?.ms, 3000, "that is when it began is no change");
  asked[1]?.answer("8");
  await turn();
  t.equal(sleeps[1]?.ms, 100, "what else comes at once is looked at with it");
  sleeps[1]?.end();
  await first;

  const second = changes.wait(3000, never);
  t.equal(asked[2]?.request.from, "8");
  sleeps[2]?.end();
  await second;
  const third = changes.wait(3000, never);
  t.equal(asked.length, 3, "it is asked once at a time");
  asked[2]?.answer("8");
  await turn();
  sleeps[3]?.end();
  await third;
  t.equal(sleeps.length, 4, "a minute without a change ends no wait");
  await changes.close();
});

t.test("who may not watch waits as before, and asks no more after a while", async (t) => {
  const { asked, sleeps, ...context } = setUp();
  const changes = new Changes([LIST], context);
  const begun = changes.begin();
  asked[0]?.answer(REFUSED);
  await begun;
  for (let at = 0; at < 5; at += 1) {
    const waited = changes.wait(1000, never);
    asked[at + 1]?.answer(REFUSED);
    await turn();
    sleeps[at]?.end();
    await waited;
  }
  t.equal(asked.length, 3);
  t.strictSame(
    sleeps.map(({ ms }) => ms),
    [1000, 1000, 1000, 1000, 1000],
  );
  await changes.close();
});

t.test("an end while it waits is one, and nothing goes on behind it", async (t) => {
  const { asked, sleeps, ...context } = setUp();
  const changes = new Changes([LIST, { ...LIST, namespace: "other" }], context);
  const begun = changes.begin();
  for (const each of asked) each.answer("7");
  await begun;
  const end = new AbortController();
  const waited = changes.wait(1000, end.signal);
  end.abort();
  await t.rejects(waited, { name: "AbortError" });
  t.equal(asked.length, 4);
  await changes.close();
  t.ok(asked.slice(2).every(({ request }) => request.signal?.aborted === true));
  t.equal(sleeps.length, 1);

  const { clock } = setUp();
  const without = new Changes([LIST], { clock: { ...clock, sleep: () => Promise.resolve() } });
  await without.begin();
  await without.wait(1, never);
  await without.close();
});
