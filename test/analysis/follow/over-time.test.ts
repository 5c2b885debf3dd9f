import fc from "fast-check";
import t from "tap";
import { OverTime } from "../../../lib/analysis/follow/over-time.js";

const timesUs = fc.array(fc.integer({ min: 1_790_000_000_000_000, max: 1_790_000_090_000_000 }), {
  minLength: 1,
  maxLength: 60,
});

function fill(times: readonly number[]): OverTime {
  const slots = new OverTime();
  for (const time of times) slots.note(time);
  return slots;
}

function isRight({ slotUs, beginUs, counts }: OverTime, times: readonly number[]): boolean {
  const wanted = counts.map(
    (_, slot) =>
      times.filter((time) => time >= beginUs + slot * slotUs && time < beginUs + (slot + 1) * slotUs).length,
  );
  const all = counts.reduce((sum, packets) => sum + packets, 0);
  return wanted.join() === counts.join() && all === times.length && counts.length <= 120;
}

t.test("each packet is in the slot of its time, in any order, and there are never many slots", async (t) => {
  fc.assert(fc.property(timesUs, (times) => isRight(fill(times), times)));
  const apart = [0, 119_000, 120_000, 5_000_000];
  for (const [count, slotMs] of [
    [1, 1],
    [2, 1],
    [3, 2],
    [4, 64],
  ] as const)
    // prettier-ignore
    t.equal(fill(apart.slice(0, count)).slotUs, slotMs * 1000);
});

t.test("what several counted is what one would have", async (t) => {
  fc.assert(
    fc.property(fc.array(timesUs, { maxLength: 4 }), (lists) =>
      isRight(new OverTime().addAll(lists.map(fill)), lists.flat()),
    ),
  );
  t.strictSame(new OverTime().addAll([new OverTime()]).counts, []);
});
