import t from "tap";
import { Numbering } from "../../../../lib/analysis/follow/tables/numbering.js";

t.test("keys are numbered in the order in which they come, up to as many as are wanted", async (t) => {
  const numbering = new Numbering(2, 1000);
  const numberOf = (one: number, other: number): number => {
    numbering.key.set([one, other]);
    return numbering.of();
  };
  const keys = Array.from({ length: 1000 }, (_, key) => key);
  t.strictSame(
    keys.map((key) => numberOf(key >> 3, -key)),
    keys,
  );
  t.equal(numbering.size, 1000);
  t.equal(numberOf(1, 1), -1, "one too many");
  t.equal(numberOf(3, -25), 25, "those that are known stay so");
  t.equal(numberOf(125, -3), -1, "each word counts");
});
