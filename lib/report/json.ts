import type { Findings } from "../model/findings.js";

/** findings.json as it stands in the run folder. */
export function renderJson(findings: Findings): string {
  return `${JSON.stringify(findings, null, 2)}\n`;
}
