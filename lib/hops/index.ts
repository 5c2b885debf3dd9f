export { discoverPath, type DiscoverContext } from "./discover.js";
export {
  askOfAll,
  askOfRecipe,
  describeReading,
  describeSkipped,
  EVIDENCE_DIR,
  recipesByApi,
} from "./cni-evidence.js";
export { loadRecipes, type HopRecipe } from "./recipe.js";
export { recogniseCni, type NodeEvidence } from "./recognise.js";
