import { checkKnownFaults } from "../authority/known-faults.js";
import { checkFiles as checkDocuments, type CheckedFile } from "../catalogue/check.js";

/** Documents, held against their schemas, and runbooks against what a run of them would refuse. */
export { PROBLEM_RULES, reportSarif, type CheckedFile, type FileFault } from "../catalogue/check.js";

/** See lib/catalogue/check.ts. */
export function checkFiles(
  paths: readonly string[],
  options: { readonly cwd?: string } = {},
): Promise<readonly CheckedFile[]> {
  return checkDocuments(paths, { ...options, checkRunbook: checkKnownFaults });
}
