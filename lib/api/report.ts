/** Findings as text. */
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
  writeHtmlFile,
} from "../verdict/report.js";
