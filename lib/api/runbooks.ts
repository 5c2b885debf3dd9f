/** The runbooks that there are. */
export {
  describeRunbook,
  listCatalogue,
  type CatalogueEntry,
  type RunbookDescription,
} from "../reference/describe.js";
export { resolveNamedRunbook, type ResolvedRunbook } from "../reference/resolve.js";
