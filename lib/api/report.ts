/** Findings as text. */
export {
  renderPlan,
  renderReport,
  REPORT_FORMATS,
  reportAttachments,
  reportPath,
  reportText,
  type ReportFormat,
  type TextTarget,
  writeHtmlFile,
} from "../verdict/report.js";
