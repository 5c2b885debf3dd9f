import t from "tap";
import { compilePattern, findPatternFault } from "../../lib/cel/regex.js";

t.test("what is wrong with a pattern", async (t) => {
  t.equal(findPatternFault("a+"), undefined);
  t.match(findPatternFault("(?=a)"), { message: /of RE2/, suggestion: /no lookahead/ });
});

t.test("no more than 1000 programs are kept", async (t) => {
  const first = compilePattern("a+");
  t.equal(compilePattern("a+"), first);
  for (let index = 0; index <= 1000; index++) compilePattern(`a${index}`);
  t.not(compilePattern("a+"), first);
});
