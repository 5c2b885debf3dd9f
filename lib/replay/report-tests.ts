import type { TestReport } from "../model/runbook-test.js";
import { renderTap, renderTestJunit, renderTestText } from "../report/index.js";
import type { TextTarget } from "../verdict/report.js";

export type TestReporter = "text" | "tap" | "junit";

/** What came out of a runbook's tests: for people, for TAP readers, for CI. */
export function renderTests(
  report: TestReport,
  how: { readonly reporter: TestReporter; readonly terminal: Pick<TextTarget, "color" | "unicode"> },
): string {
  switch (how.reporter) {
    case "text":
      return renderTestText(report, how.terminal);
    case "tap":
      return renderTap(report);
    case "junit":
      return renderTestJunit(report);
  }
}
