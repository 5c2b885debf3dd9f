/** Runs again, without a cluster. */
import * as replay from "../replay/replay.js";
import * as tests from "../replay/runbook-tests.js";
import { withDefaults, type Lenient } from "./defaults.js";

export type ReplayOptions = Lenient<replay.ReplayOptions>;
export type RunbookTestOptions = Lenient<tests.RunbookTestOptions>;
export type { ReplayReport } from "../replay/replay.js";
export { renderTests, type TestReporter } from "../replay/report-tests.js";
export type { TestCaseResult, TestReport } from "../replay/runbook-tests.js";

export const replayRun = withDefaults(replay.replayRun);
export const runRunbookTests = withDefaults(tests.runRunbookTests);
