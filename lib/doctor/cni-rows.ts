import { blocks, ok, warn, type DoctorRow, type NodeLook } from "./index.js";
import { asHopbookError } from "../errors.js";
import {
  askOfAll,
  askOfRecipe,
  describeReading,
  describeSkipped,
  loadRecipes,
  recipesByApi,
  recogniseCni,
  type HopRecipe,
} from "../hops/index.js";
import type { ClusterProfile } from "../model/cluster.js";
import type { KubeReader } from "../model/kube.js";
import { parseLinks } from "../linux/links.js";
import { parseRoutes } from "../linux/routes.js";

interface CniRowOptions {
  readonly recipeDirs: readonly string[];
  readonly kube?: KubeReader | undefined;
  readonly signal: AbortSignal;
}

/** Which CNI the nodes show; what the API says otherwise, or may not be asked, is said beside it. */
export async function cniRow(
  looks: readonly NodeLook[],
  profile: ClusterProfile,
  options: CniRowOptions,
): Promise<DoctorRow> {
  const shown = looks.map(({ node, links, routes }) => ({
    ...{ node, links: parseLinks(links), routes: parseRoutes(routes) },
  }));
  const recipes = await loadRecipes(options.recipeDirs);
  const recognise = (preferred: readonly string[] = []): HopRecipe =>
    recogniseCni(shown, recipes, { wanted: profile.cni, preferred });
  try {
    return await rowOf(recognise(), profile, options);
  } catch (error) {
    const { message, hint, code } = asHopbookError(error);
    const todo = hint ?? "Name the recipe as cni in the profile";
    if (code !== "CNI_UNRECOGNISED") return warn("cni", null, { found: message, todo });
    const { kube, signal, recipeDirs } = options;
    if (kube === undefined) return blocks("cni", null, { found: message, todo });
    const reading = await askOfAll(recipeDirs, { kube, nodes: profile.nodes, signal });
    const preferred = recipesByApi(reading, recipes);
    try {
      if (preferred.length > 0)
        return ok("cni", null, `${recognise(preferred).metadata.name}, by what the API says`);
    } catch {
      // The API has no say against what the nodes show.
    }
    const said = describeReading(reading).join("; ");
    const found = said === "" ? message : `${message}; the API says: ${said}`;
    return blocks("cni", null, { found, todo });
  }
}

async function rowOf(
  recipe: HopRecipe,
  profile: ClusterProfile,
  { kube, signal, recipeDirs }: CniRowOptions,
): Promise<DoctorRow> {
  const { name } = recipe.metadata;
  if (kube === undefined) return ok("cni", null, name);
  const reading = await askOfRecipe(recipe, recipeDirs, { kube, nodes: profile.nodes, signal });
  const skipped = describeSkipped(reading.skipped);
  if (reading.conflicts.length > 0) {
    return warn("cni", null, {
      found: [...reading.conflicts, ...skipped].join("; "),
      todo: "See whether the CNI was changed and its nodes not restarted",
    });
  }
  return ok("cni", null, [name, ...skipped].join("; "));
}
