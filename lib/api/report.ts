/** Findings as text. */
export {
  renderPlan,
  renderReport,
  REPORT_FORMATS,
  reportPath,
  reportText,
  type ReportFormat,
  type TextTarget,
} from "../verdict/report.js";
