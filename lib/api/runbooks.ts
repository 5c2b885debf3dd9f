/** The runbooks that there are. */
export {
  describeRunbook,
  listCatalogue,
  suggestRunbooks,
  type CatalogueEntry,
  type RunbookDescription,
  type Suggestion,
} from "../reference/describe.js";
export { resolveNamedRunbook, type ResolvedRunbook } from "../reference/resolve.js";
