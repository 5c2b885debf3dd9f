import t from "tap";
import { append } from "../../../../lib/analysis/follow/tables/append.js";

t.test("a list with one more leaves the one that it was as it is", async (t) => {
  const none: readonly number[] = [];
  const one = append(none, 1);
  const two = append(one, 2);
  t.strictSame([none, one, two], [[], [1], [1, 2]]);
  t.strictSame(append<readonly number[]>([], [1]), [[1]]);
  t.strictSame(append<readonly number[]>([[1]], [2]), [[1], [2]], "a list of lists");
});
