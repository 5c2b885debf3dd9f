import t from "tap";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { openKube } from "../../lib/kube/index.js";
import { ServerClock } from "../../lib/kube/server-clock.js";

const NOW_MS = Date.parse("2026-01-01T12:00:00.400Z");
/** As a server says it whose clock is so far ahead. */
const dateOf = (atMs: number): string => new Date(atMs).toUTCString();

/** Answers of a server that is `aheadMs` ahead, each a while after the one before, and 20 ms on its way. */
function hear(clock: ServerClock, aheadMs: number, afterMs: readonly number[]): void {
  for (const after of afterMs) {
    const sentAtMs = NOW_MS + after;
    clock.hear(dateOf(sentAtMs + 10 + aheadMs), { sentAtMs, receivedAtMs: sentAtMs + 20 });
  }
}

t.test("clocks that agree, as far as a Date tells, are not set apart", async (t) => {
  const clock = new ServerClock();
  t.equal(clock.offsetMs, 0, "nothing was heard");
  hear(clock, 0, [0, 130, 450, 599, 900]);
  t.equal(clock.offsetMs, 0);
  hear(clock, 300, [1_000]);
  t.equal(clock.offsetMs, 0, "300 ms cannot be told by one Date");
});

t.test("the more answers, the nearer", async (t) => {
  for (const aheadMs of [90_000, -90_000, 3_600_123, -7_777]) {
    const clock = new ServerClock();
    hear(clock, aheadMs, [0]);
    t.ok(Math.abs(clock.offsetMs - aheadMs) <= 520, `${aheadMs}: ${clock.offsetMs} by one answer`);
    hear(clock, aheadMs, [180, 350, 520, 700, 860]);
    t.ok(Math.abs(clock.offsetMs - aheadMs) <= 120, `${aheadMs}: ${clock.offsetMs} by six`);
  }
});

t.test("a clock that is set in between is believed anew; a date that is none tells nothing", async (t) => {
  const clock = new ServerClock();
  hear(clock, 90_000, [0, 100]);
  hear(clock, -5_000, [1_000]);
  t.ok(Math.abs(clock.offsetMs + 5_000) <= 520);
  const before = clock.offsetMs;
  for (const date of [undefined, "", "yesterday"])
    clock.hear(date, { sentAtMs: NOW_MS, receivedAtMs: NOW_MS });
  t.equal(clock.offsetMs, before);
});

t.test("an API knows its server's time by its answers", async (t) => {
  const server = createServer((_, response) => {
    response.setHeader("Date", dateOf(Date.now() - 90_000)).end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const config = JSON.stringify({
    ...{ apiVersion: "v1", kind: "Config", "current-context": "here" },
    clusters: [
      { name: "c", cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true } },
    ],
    contexts: [{ name: "here", context: { cluster: "c", user: "" } }],
  });
  const api = openKube({ kubeconfig: [join(t.testdir({ config }), "config")] });
  t.ok(Math.abs(api.nowMs() - Date.now()) < 50, "this machine's before the first");
  await api.request({ verb: "get", group: "", version: "v1", resource: "nodes", name: "n" });
  // A busy machine makes its only answer late, and so its word vague.
  t.ok(Math.abs(api.nowMs() + 90_000 - Date.now()) < 10_000);
});
