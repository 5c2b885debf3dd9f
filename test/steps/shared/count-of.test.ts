import t from "tap";
import { countOf } from "../../../lib/steps/shared/count-of.js";

t.test("one, and several", async (t) => {
  t.strictSame(
    [0, 1, 8].map((count) => countOf(count, "hop")),
    ["0 hops", "1 hop", "8 hops"],
  );
});
