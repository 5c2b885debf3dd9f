export { listRunbooks } from "./catalogue.js";
export { findNamed, findRunbook } from "./find.js";
export { evaluateChecks } from "./checks.js";
export {
  evaluate,
  evaluateCondition,
  evaluateOutputs,
  interpolate,
  interpolateMatrix,
  interpolateValue,
  type ExpressionEnv,
} from "./expression.js";
export { EXPRESSION_REFERENCE } from "./expression-reference.js";
export { coerceInputs, listSecrets, type RawInput } from "./inputs.js";
export { checkRunbook, findKindProblems } from "./kinds.js";
export { loadRunbook, parseRunbook, resolveRunbook } from "./load.js";
export type { LoadOptions } from "./overlay.js";
export { fileOf, originsOf, renderProvenance, renderResolved } from "./provenance.js";
export { typeEnvironment } from "./typed-environment.js";
export type * from "./types.js";
