/** Documents, held against their schemas. */
export {
  checkFiles,
  PROBLEM_RULES,
  reportSarif,
  type CheckedFile,
  type FileFault,
} from "../catalogue/check.js";
