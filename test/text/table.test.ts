import t from "tap";
import { alignCells } from "../../lib/text/table.js";

t.test("cells stand under each other, whatever their letters take", async (t) => {
  t.equal(alignCells([["日本", "b", "c"], ["aaaaa", "", "c"], ["a"]]), "日本   b  c\naaaaa     c\na\n");
  t.equal(alignCells([]), "");
});
