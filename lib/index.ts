/**
 * hopbook as a library. Every function here is what a command of the same sense does; only the command line itself
 * prints, asks and sets exit codes. What goes wrong is thrown as a HopbookError, whose `code` is one of ERROR_CODES.
 */
export { analyzePcapFiles, analyzeRunFolder } from "./api/analyze.js";
export {
  checkFiles,
  describeRunbook,
  listCatalogue,
  type CatalogueEntry,
  type CheckedFile,
  type FileFault,
  type RunbookDescription,
} from "./api/catalogue.js";
export { exitCodeOfFindings } from "./api/exit-code.js";
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
export {
  renderPlan,
  renderReport,
  REPORT_FORMATS,
  reportPath,
  reportText,
  type ReportFormat,
  type TextTarget,
} from "./api/report.js";
export {
  discoverHops,
  planRunbook,
  runRunbook,
  type Plan,
  type PlanOptions,
  type RunOptions,
  type RunOutcome,
  type RunReport,
  type SharedOptions,
} from "./api/run.js";
export type { GrantFlags } from "./api/authority.js";
export {
  ERROR_CODES,
  EXIT,
  HopbookError,
  type ErrorCode,
  type ErrorDetails,
  type ErrorPlace,
  type ExitCode,
} from "./errors.js";
export type { ClusterProfile, End, Pod } from "./model/cluster.js";
export type { ProbeKind, Protocol } from "./model/evidence.js";
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
export type { Flow, FlowPath, Hop, HopRole } from "./model/hops.js";
export type { RunEvent } from "./model/steps.js";
