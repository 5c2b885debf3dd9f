export { nearest, nearestFew } from "./nearest.js";
export type { Problem } from "./problems.js";
export { assertValid, invalid, validateDocument, validateValue, type SchemaName } from "./schema.js";
export {
  MAX_DOCUMENT_BYTES,
  parseDocument,
  readDocument,
  type DocumentPath,
  type SourceDocument,
} from "./source.js";
