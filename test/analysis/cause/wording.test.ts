import t from "tap";
import { summarise } from "../../../lib/analysis/cause/wording.js";

t.test("summaries keep to a line", async (t) => {
  t.equal(summarise("node-b: x"), "node-b: x");
  t.equal(summarise("node-b: x", ['"a"', "b"]), 'node-b: x ("a"; b)');
  const long = summarise("node-b: x", ["c".repeat(300), "NetworkPolicy a/b"]);
  t.equal(long.length <= 160, true);
  t.match(long, /c…; NetworkPolicy a\/b\)$/);
  t.equal(summarise("n".repeat(150), ["comment"]), "n".repeat(150), "no room for a detail");
  t.equal(summarise("n".repeat(300)).length, 160);
  t.equal(
    summarise("n".repeat(150), ["comment", "policy"]),
    `${"n".repeat(150)} (policy)`.slice(0, 159) +
      "…".repeat(Number(`${"n".repeat(150)} (policy)`.length > 160)),
  );
});
