import type { Findings } from "../model/findings.js";
import { printJson } from "../model/json.js";

/** findings.json as it stands in the run folder. */
export function renderJson(findings: Findings): string {
  return printJson(findings);
}
