import fc from "fast-check";
import t from "tap";
import { takeRange } from "../../../../lib/analysis/follow/streams/ranges.js";

t.test("bytes that are taken out of ranges are those that were in them", async (t) => {
  const range = fc.tuple(fc.nat(40), fc.nat(40)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
  fc.assert(
    fc.property(fc.array(range, { maxLength: 8 }), (ranges) => {
      const left = [0, 40];
      const bytes = new Set(Array.from({ length: 40 }, (_, at) => at));
      for (const [from, to] of ranges) {
        const before = bytes.size;
        for (let at = from; at < to; at++) bytes.delete(at);
        if (takeRange(left, from, to) !== before - bytes.size) return false;
      }
      const rest: number[] = [];
      for (let index = 0; index < left.length; index += 2)
        for (let at = left[index]!; at < left[index + 1]!; at++) rest.push(at);
      return rest.join() === [...bytes].join();
    }),
  );
  t.pass("all orders");
});
