export { escapeMarkdown, escapeMarkdownCode, escapeMarkup, visible } from "./escape.js";
export { renderHtml } from "./html/page.js";
export { renderJson } from "./json.js";
export { renderJunit } from "./junit.js";
export { renderMarkdown } from "./markdown.js";
export { renderSarif } from "./sarif.js";
export { renderSarifFindings } from "./sarif-findings.js";
export { renderText } from "./text.js";
export { renderTap, renderTestJunit, renderTestText } from "./tests.js";
