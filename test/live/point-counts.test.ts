import t from "tap";
import { makePointCounts } from "../../lib/live/point-counts.js";
import type { LivePoint } from "../../lib/model/live/view.js";

const point = (id: string): LivePoint => ({
  ...{ id, node: "n", name: `${id}/eth0@n`, description: "", filter: "", snaplenBytes: 320 },
});
const counts = (captured: number | null, droppedByKernel: number | null = 0) => ({
  ...{ captured, received: captured, droppedByKernel, droppedByInterface: null },
});

t.test("captures that are over soon, or of which nobody knows, are not watched", async (t) => {
  const view = makePointCounts({ everyMs: 10, leastMs: 10_000 });
  t.equal(view.begin([point("a")], null), null);
  t.equal(view.begin([point("a")], Date.now() + 5000), null);
  t.strictSame(view.lines(0), []);
});

t.test("a line for each point, and how long it goes on", async (t) => {
  const view = makePointCounts({ everyMs: 10, leastMs: 1000 });
  const endsAtMs = Date.now() + 90_000;
  const feed = view.begin([point("a")], endsAtMs);
  if (feed === null) throw new Error("it is not watched");
  feed.join([point("longer")]);
  t.notOk(feed.hasRoom);
  t.strictSame(view.lines(Date.now()), [], "nothing is known yet");
  feed.clock("n", { aheadMs: 0, errorMs: 0 });
  feed.bytes("a", new Uint8Array());
  feed.gap("a");
  feed.blind("n", "");
  feed.grown("a", 2048);
  feed.grown("other", 1);
  feed.counts("other", counts(1));
  feed.counts("a", counts(10, 3));
  t.strictSame(view.lines(endsAtMs - 60_000), [
    "a/eth0@n  10 packets    2.0 KiB  3 dropped",
    "and 1 more points; 1 min left",
  ]);
  feed.counts("longer", counts(null, null));
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  feed.counts("longer", counts(5));
  const [first = "", second = "", last = ""] = view.lines(endsAtMs + 5);
  t.match([first, second].sort(), [/^a\/eth0@n +10 packets/, /^longer\/eth0@n +5 packets +0 B/]);
  t.equal(last, "0 ms left");
  await feed.end(new Map());
  t.strictSame(view.lines(0), []);
});

t.test("packets a second, the busiest first, of many points the first twelve", async (t) => {
  const now = Date.now;
  t.teardown(() => (Date.now = now));
  let atMs = 1_700_000_000_000;
  Date.now = () => atMs;
  const view = makePointCounts({ everyMs: 10, leastMs: 1000 });
  const names = Array.from({ length: 20 }, (_, at) => `p${at}`);
  const feed = view.begin(names.map(point), atMs + 60_000);
  for (const name of names) feed?.counts(name, counts(0));
  atMs += 2000;
  names.forEach((name, at) => feed?.counts(name, counts(at * 10)));
  const lines = view.lines(atMs);
  t.equal(lines.length, 13);
  t.match(lines[0], /^p19\/eth0@n +190 packets +95\/s/);
  t.equal(lines.at(-1), "and 8 more points; 58.0 s left");
});
