import { stripVTControlCharacters } from "node:util";
import t from "tap";
import { makePaint } from "../../lib/text/paint.js";

t.test("colour is what was settled, whatever this process writes to", async (t) => {
  t.equal(makePaint(false)(["red", "bold"], "x"), "x");
  const painted = makePaint(true)(["red", "bold"], "x");
  t.not(painted, "x");
  t.equal(stripVTControlCharacters(painted), "x");
});
