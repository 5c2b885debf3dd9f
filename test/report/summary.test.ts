import t from "tap";
import { renderSummary } from "../../lib/report/index.js";
import { ALL_SAMPLES, buildMany, everyThird } from "./many.js";
import { buildFindings, firewallDrop, healthy } from "./samples.js";

const MANY = buildFindings(buildMany(3000));

t.test("the worst first, with its cause", async (t) => {
  const text = renderSummary(buildFindings([healthy, firewallDrop], { checks: [] }));
  const [head, , first, second] = text.split("\n");
  t.match(head, /^\*\*hopbook trace-path\*\* · 2026-11-20 21:44:54 UTC · 1 of 2 flows in trouble$/);
  t.match(first, /^- shop\/client → .*: \*\*LOST .*\*\* Cause: .* Confidence: high\.$/);
  t.match(second, /: delivered$/);
});

t.test("checks that failed come before flows", async (t) => {
  const checks = [
    { id: "mtu", status: "pass", message: "fine" },
    { id: "delivered", status: "fail", message: "Packets were lost" },
  ] as const;
  const text = renderSummary(buildFindings([everyThird], { checks }));
  t.match(text, /\n\n- fail delivered: Packets were lost\n- /);
  t.notMatch(text, /mtu/);
});

t.test("never over 3,000 characters, whatever there is, and what is left out is counted", async (t) => {
  for (const findings of [...Object.values(ALL_SAMPLES), MANY, buildFindings([])])
    t.ok(renderSummary(findings).length <= 3000);
  t.match(renderSummary(MANY), /\n- and \d+ more in the report\n$/);
  const run = { ...buildFindings([]).run, complete: false };
  t.match(renderSummary({ ...buildFindings([]), run }), /\*\*The run is incomplete/);
});
