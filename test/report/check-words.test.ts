import t from "tap";
import { partsOf } from "../../lib/report/check-words.js";

const LONG =
  "2 of 3 ways get through, 1 ends at a rule that somebody wrote long ago and nobody knows any more who";

t.test("a long message in parts, brackets and quotes whole", async (t) => {
  t.strictSame(partsOf("short; and whole"), ["short; and whole"]);
  t.strictSame(partsOf(`${LONG}; shop/client is lost; shop/web is not`), [
    LONG,
    "shop/client is lost",
    "shop/web is not",
  ]);
  const whole = `${LONG} (“a; b”; c); d "e; f"; g`;
  t.strictSame(partsOf(whole), [`${LONG} (“a; b”; c)`, 'd "e; f"', "g"]);
  t.strictSame(partsOf(`${LONG} (never closed; so it stays`), [`${LONG} (never closed; so it stays`]);
  t.equal(partsOf(`${LONG}; ${LONG}`).join("; "), `${LONG}; ${LONG}`, "nothing is lost");
});
