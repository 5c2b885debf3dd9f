/** The schemas of the documents. */
export { listSchemas, readSchemaText } from "../catalogue/schemas.js";
