import t from "tap";
import { createSlots } from "../../lib/process/slots.js";

t.test("no more holders than slots, first come first served", async (t) => {
  const slots = createSlots(2);
  const order: number[] = [];
  let held = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 20 }, async (_, i) => {
      const release = await slots.acquire({ waitMs: 5_000 });
      held += 1;
      most = Math.max(most, held);
      order.push(i);
      await new Promise((resolve) => setTimeout(resolve, 1));
      held -= 1;
      release?.();
      release?.(); // the second one frees nothing
    }),
  );
  t.equal(most, 2);
  t.same(
    order,
    [...order].sort((a, b) => a - b),
  );
});

t.test("a wait that is over or aborted gives nothing and takes nothing", async (t) => {
  const slots = createSlots(1);
  const release = await slots.acquire({ waitMs: 10 });
  t.equal(await slots.acquire({ waitMs: 10 }), null);
  const stop = new AbortController();
  const waiting = slots.acquire({ waitMs: 5_000, signal: stop.signal });
  stop.abort();
  t.equal(await waiting, null);
  t.equal(await slots.acquire({ waitMs: 5_000, signal: stop.signal }), null, "aborted before");
  release?.();
  t.ok(await slots.acquire({ waitMs: 10 }));
});
