import t from "tap";
import { describeConfidence, summariseConfidence } from "../../lib/report/confidence.js";
import { healthy } from "./samples.js";
import type { Verdict } from "../../lib/model/findings.js";

const verdict = (change: Partial<Verdict>): Verdict => ({ ...healthy.verdict, caveats: [], ...change });

t.test("what a confidence rests on is said beside it", async (t) => {
  const facts = { for: ["captured at all 8 hops", "12 packets were followed"], against: [] };
  const high = verdict({ confidence: "high", grounds: facts });
  t.equal(describeConfidence(high), "Confidence: high: captured at all 8 hops; 12 packets were followed");
  t.equal(summariseConfidence(high), "Confidence: high: captured at all 8 hops");
  t.equal(
    summariseConfidence({ ...high, caveats: ["slow"] }),
    "Confidence: high: captured at all 8 hops (see the caveats)",
  );
  t.equal(summariseConfidence(verdict({ confidence: "high" })), "Confidence: high", "findings of before");
});

t.test("what speaks against it comes first", async (t) => {
  const doubtful = verdict({ confidence: "low", grounds: { for: ["a"], against: ["no capture at b", "c"] } });
  t.equal(describeConfidence(doubtful), "Confidence: low: no capture at b; and 1 more of the caveats");
  const one = verdict({ confidence: "medium", grounds: { for: ["a"], against: ["no capture at b"] } });
  t.equal(summariseConfidence(one), "Confidence: medium: no capture at b");
});
