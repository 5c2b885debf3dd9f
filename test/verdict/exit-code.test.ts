import t from "tap";
import { exitCodeOfFindings, exitCodeOfRun } from "../../lib/verdict/exit-code.js";
import { ERROR_CODES, HopbookError, type ErrorCode } from "../../lib/errors.js";
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
