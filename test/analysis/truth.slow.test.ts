import t, { type Test } from "tap";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeFailure, findFailure, minimise, type Failure } from "./truth/check.js";
import { inventOdd } from "./truth/invent-odd.js";
import { inventLive, inventReal, inventScenario } from "./truth/invent.js";

/**
 * Thousands of generated sets of captures: ten with HOPBOOK_TEST_LONG=1, else two. HOPBOOK_TRUTH_CASES says how many,
 * HOPBOOK_TRUTH_FROM where to begin; of runs under traffic, that takes longer to make, of real machines' packets, and of what is rare a fifth;
 * a failure is made as small as it gets and its captures are kept.
 */

const isLong = process.env["HOPBOOK_TEST_LONG"] === "1";
const CASES = Number(process.env["HOPBOOK_TRUTH_CASES"] ?? (isLong ? "10000" : "2000"));
const FROM = Number(process.env["HOPBOOK_TRUTH_FROM"] ?? "1");
const MOST_FAILURES = 5;

t.setTimeout(0);

t.test(`${CASES} generated sets of captures are judged by what happened`, (t) =>
  judge(t, CASES, inventScenario),
);

t.test(`${CASES / 5} generated runs under traffic are judged by what happened`, (t) =>
  judge(t, Math.ceil(CASES / 5), inventLive),
);

t.test(`${CASES / 5} generated sets of what real machines send are judged by what happened`, (t) =>
  judge(t, Math.ceil(CASES / 5), inventReal),
);

t.test(`${CASES / 5} generated sets with what is rare are judged by what happened`, (t) =>
  judge(t, Math.ceil(CASES / 5), inventOdd),
);

async function judge(t: Test, cases: number, invent: typeof inventScenario): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "hopbook-truth-"));
  const failures: { readonly seed: number; readonly failure: Failure }[] = [];
  let failed = 0;
  for (let seed = FROM; seed < FROM + cases; seed++) {
    const failure = await findFailure(dir, invent(seed, seed % 4 === 0 ? "healthy" : "any"));
    if (failure === null) continue;
    failed += 1;
    if (failures.length < MOST_FAILURES) failures.push({ seed, failure });
  }
  for (const { seed, failure } of failures) {
    const kept = join(dir, `seed-${seed}`);
    const smallest = await minimise(kept, failure);
    t.fail(`seed ${seed}: captures in ${kept}/smallest`, { failure: describeFailure(smallest) });
  }
  t.equal(failed, 0, "scenarios that are judged wrongly");
  if (failed === 0) rmSync(dir, { recursive: true });
}
