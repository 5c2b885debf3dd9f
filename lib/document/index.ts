export type { Place } from "./layer.js";
export { fitsKnown } from "./known-value.js";
export { mergeDocuments } from "./merged.js";
export { nearest, nearestFew } from "./nearest.js";
export { isFor, makeOverlay, readOverlay, type Overlay } from "./overlay.js";
export { derivePatchSchemas } from "./patch-schema.js";
export { assertBounded, listOrigins, renderAnnotated } from "./render.js";
export { readReferred } from "./referred.js";
export type { Problem } from "./problems.js";
export { PROBLEM_RULES, type ProblemRule } from "./rules.js";
export {
  assertValid,
  invalid,
  readSchema,
  validateDocument,
  validateValue,
  type SchemaName,
} from "./schema.js";
export {
  MAX_DOCUMENT_BYTES,
  parseDocument,
  readDocument,
  type DocumentPath,
  type Origin,
  type SourceDocument,
} from "./source.js";
