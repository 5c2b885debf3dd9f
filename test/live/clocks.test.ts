import t from "tap";
import { LiveClocks } from "../../lib/live/clocks.js";

t.test(
  "a clock that is surely another one is corrected to the first node's, any other is left",
  async (t) => {
    const clocks = new LiveClocks(["a", "b", "c", "d"]);
    t.notOk(clocks.areKnown);
    clocks.note("a", { aheadMs: 5000, errorMs: 2 });
    clocks.note("b", { aheadMs: 8200, errorMs: 30 });
    clocks.note("b", { aheadMs: 8201, errorMs: 2 });
    clocks.note("b", { aheadMs: 9999, errorMs: 500 });
    clocks.note("c", { aheadMs: 4997, errorMs: 2 });
    t.strictSame(clocks.correctionOf("a"), { us: 0, text: "times are as its clock has them" });
    t.strictSame(clocks.correctionOf("b"), {
      ...{ us: -3_201_000, text: "its clock is 3.2 s ahead of that of a (± 4 ms): times are corrected" },
    });
    t.strictSame(clocks.correctionOf("c"), {
      ...{ us: 0, text: "times are as its clock has them, which is that of a ± 4 ms" },
    });
    t.match(clocks.correctionOf("d").text, "could not be compared");
    clocks.note("d", { aheadMs: -200, errorMs: 1 });
    t.ok(clocks.areKnown);
    t.strictSame(clocks.correctionOf("d").us, 5_200_000);
    t.match(clocks.correctionOf("d").text, "5.2 s behind that of a");
  },
);
