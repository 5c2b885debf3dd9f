/**
 * hopbook as a library. Every function here is what a command of the same sense does; only the command line itself
 * prints, asks and sets exit codes. What goes wrong is thrown as a HopbookError, whose `code` is one of ERROR_CODES.
 */
export {
  analyzeBundle,
  analyzePcapFiles,
  analyzeRunFolder,
  isRunFolder,
  type AnalyzeFilesOptions,
} from "./api/analyze.js";
export {
  describeRunbook,
  listCatalogue,
  suggestRunbooks,
  type CatalogueEntry,
  type RunbookDescription,
  type Suggestion,
} from "./api/runbooks.js";
export { checkFiles, PROBLEM_RULES, reportSarif, type CheckedFile, type FileFault } from "./api/check.js";
export { exitCodeOfFindings } from "./api/analyze.js";
export {
  downLab,
  listFaults,
  listLabs,
  setFault,
  statusLab,
  upLab,
  type FaultDescription,
  type LabState,
  type LabStatus,
} from "./api/lab.js";
export { collectRun, type CollectOptions } from "./api/detached.js";
export { detachRunbook, type DetachOptions, type DetachReport } from "./api/detached.js";
export {
  describeOneRun,
  listRuns,
  type DetachedNode,
  type DetachedRun,
  type RunsOptions,
  type RunsReport,
  type RunState,
} from "./api/detached.js";
export { stopRun, type StopReport } from "./api/detached.js";
export { runDoctor, type DoctorOptions, type DoctorReport } from "./api/doctor.js";
export { reap, type Leftover, type ReapOptions, type ReapReport } from "./api/reap.js";
export {
  renderPlan,
  renderReport,
  REPORT_FORMATS,
  reportAttachments,
  reportAudit,
  reportPath,
  reportText,
  type ReportFormat,
  type TextTarget,
} from "./api/report.js";
export {
  discoverAttachments,
  auditHops,
  discoverHops,
  planRunbook,
  runPlan,
  runRunbook,
  type Plan,
  type PlanOptions,
  type RunOptions,
  type RunPlanOptions,
  type RunOutcome,
  type RunReport,
  type SharedOptions,
} from "./api/run.js";
export { initFolder, type InitReport } from "./api/new.js";
export { resolveNamedRunbook, type ResolvedRunbook } from "./api/runbooks.js";
export { newRunbook, type NewRunbook, type NewRunbookOptions } from "./api/new.js";
export { renderTests, type TestReporter } from "./api/replay.js";
export {
  runRunbookTests,
  type RunbookTestOptions,
  type TestCaseResult,
  type TestReport,
} from "./api/replay.js";
export { replayRun, type ReplayOptions, type ReplayReport } from "./api/replay.js";
export { listSchemas, readSchemaText } from "./api/schemas.js";
export { reveal, shareRun, verifyArchive, type Shared, type Verified } from "./api/share.js";
export type { Confirm, GrantFlags, PermissionQuestion } from "./api/permissions.js";
export type { NodePods, RawInputs } from "./api/run.js";
export {
  ERROR_CODES,
  EXIT,
  HopbookError,
  type ErrorCode,
  type ErrorDetails,
  type ErrorPlace,
  type ErrorProblem,
  type ExitCode,
} from "./errors.js";
export type { ClusterProfile, End, Pod } from "./model/cluster.js";
export type { ProbeKind, Protocol } from "./model/traffic.js";
export type {
  Cause,
  CheckFinding,
  Findings,
  FlowFinding,
  HopFinding,
  HopRef,
  Verdict,
  VerdictStatus,
} from "./model/findings.js";
export type { Audit, AuditStatement } from "./model/audit/audit.js";
export type { Flow, FlowPath, Hop } from "./model/hops.js";
export type { HopRole } from "./model/roles.js";
export type { RunEvent } from "./model/steps.js";
