export { checkCel, type CelScope } from "./check.js";
export { evaluateCel, evaluateToValue } from "./evaluate.js";
export { fromData } from "./data.js";
export { CelFault, type ExpressionFault } from "./fault.js";
export { CEL_FUNCTIONS } from "./functions/index.js";
export { MACROS } from "./macros.js";
export { parseCel } from "./parse.js";
export { childrenOf, readAccess, textOf, type AstNode } from "./syntax.js";
export * from "./types.js";
