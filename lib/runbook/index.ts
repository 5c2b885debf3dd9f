export { findRunbook, listRunbooks, type CatalogueEntry } from "./catalogue.js";
export { evaluateChecks } from "./checks.js";
export {
  evaluate,
  evaluateCondition,
  interpolate,
  interpolateValue,
  type ExpressionEnv,
  type ValuePlace,
} from "./expression.js";
export { coerceInputs, listSecrets, type RawInput } from "./inputs.js";
export { checkRunbook, findKindProblems, type KnownKind } from "./kinds.js";
export { loadRunbook, parseRunbook } from "./load.js";
export { placeOfInput } from "./load-step.js";
export type * from "./types.js";
