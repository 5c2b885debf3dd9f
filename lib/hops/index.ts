export { discoverPath, type DiscoverContext } from "./discover.js";
export { askOfRecipe, describeReading, describeSkipped, EVIDENCE_DIR, recipesByApi } from "./cni-evidence.js";
export { decideByApi } from "./decide-by-api.js";
export { loadRecipes, type HopRecipe } from "./recipe.js";
export { GENERIC } from "./generic.js";
export { recogniseCni } from "./recognise.js";
export { readInsideOfPods, readPodInterfaces, type PodWithInterfaces } from "./pod-interfaces.js";
export { roleOfLink, safeId } from "./hop.js";
export { readHostLinks } from "./read-node.js";
