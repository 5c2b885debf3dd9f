/** Runs again, without a cluster. */
export { replayRun, type ReplayOptions, type ReplayReport } from "../replay/replay.js";
export {
  runRunbookTests,
  type RunbookTestOptions,
  type TestCaseResult,
  type TestReport,
} from "../replay/runbook-tests.js";
export { renderTests, type TestReporter } from "../replay/report-tests.js";
