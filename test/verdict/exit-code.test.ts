import t from "tap";
import { exitCodeOfFindings, exitCodeOfRun } from "../../lib/verdict/exit-code.js";
import { ERROR_CODES, HopbookError, type ErrorCode } from "../../lib/errors.js";
import type { Findings, FlowFinding } from "../../lib/model/findings.js";
import { answersErrors, buildMany, oneWay } from "../report/many.js";
import { buildFindings, healthy, inconclusive } from "../report/samples.js";
import { makeFindings, makeOutcome } from "../api/samples.js";

t.test("of a run", (t) => {
  const healthy = makeFindings({ statuses: ["delivered"], checks: ["pass"] });
  const broken = makeFindings({ statuses: ["lost"], checks: ["fail", "pass"] });
  t.equal(exitCodeOfRun(makeOutcome(), healthy), 0);
  t.equal(exitCodeOfRun(makeOutcome(), makeFindings({ checks: ["warn", "skipped"] })), 0);
  t.equal(exitCodeOfRun(makeOutcome(), makeFindings({ checks: ["pass", "incomplete"] })), 6, "undecided");
  t.equal(exitCodeOfRun(makeOutcome(), broken), 3);
  t.equal(exitCodeOfRun(makeOutcome({ incomplete: ["a node is gone"] }), healthy), 6);
  t.equal(exitCodeOfRun(makeOutcome({ incomplete: ["a node is gone"] }), broken), 3, "what was found stands");
  t.equal(exitCodeOfRun(makeOutcome(), makeFindings({ complete: false, checks: ["pass"] })), 6);
  const error = new HopbookError("INTERRUPTED", "x");
  t.equal(exitCodeOfRun(makeOutcome({ status: "interrupted", error }), broken), 130, "before all else");
  t.end();
});

t.test("of a run that failed: its error's, whichever it is", (t) => {
  for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
    const outcome = makeOutcome({ status: "failed", error: new HopbookError(code, "x"), incomplete: ["x"] });
    t.equal(exitCodeOfRun(outcome, makeFindings()), ERROR_CODES[code].exit, code);
  }
  t.equal(exitCodeOfRun(makeOutcome({ status: "failed", error: new TypeError("x") }), makeFindings()), 1);
  const failed = makeOutcome({ status: "failed", error: new HopbookError("COMMAND_FAILED", "x") });
  t.equal(exitCodeOfRun(failed, makeFindings({ checks: ["fail"] })), 3, "a finding says more");
  t.end();
});

t.test("of evidence alone", (t) => {
  for (const status of ["lost", "rejected", "unanswered"] as const) {
    t.equal(exitCodeOfFindings(makeFindings({ statuses: ["delivered", status] })), 3);
    t.equal(
      exitCodeOfFindings(makeFindings({ statuses: [status], checks: ["pass"] })),
      0,
      "the checks decide",
    );
  }
  t.equal(
    exitCodeOfFindings(makeFindings({ statuses: ["inconclusive"] })),
    6,
    "what is not known is not well",
  );
  t.equal(exitCodeOfFindings(makeFindings({ statuses: ["delivered", "inconclusive"], checks: ["warn"] })), 6);
  t.equal(exitCodeOfFindings(makeFindings({ checks: ["fail"] })), 3);
  t.equal(exitCodeOfFindings(makeFindings({ complete: false })), 6);
  t.end();
});

const unchecked = (flows: readonly FlowFinding[], more: Partial<Findings> = {}): number =>
  exitCodeOfFindings(buildFindings(flows, { checks: [], ...more }));

t.test("without checks: 0 only where all is well", async (t) => {
  t.equal(unchecked([healthy, oneWay]), 0);
  t.equal(unchecked([healthy, answersErrors]), 3, "delivered, and a detector calls it a failure");
  t.equal(unchecked([healthy, inconclusive]), 6);
  t.equal(unchecked(buildMany(10)), 3);
  t.equal(
    unchecked([healthy], { leftOut: { flows: 9, statuses: { lost: 1, delivered: 8 } } }),
    3,
    "what is not listed counts",
  );
});
