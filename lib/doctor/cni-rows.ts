import { blocks, ok, warn, type DoctorRow, type NodeLook } from "./index.js";
import { asHopbookError } from "../errors.js";
import {
  askOfRecipe,
  decideByApi,
  describeSkipped,
  loadRecipes,
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

const TODO = "Name the recipe as cni in the profile";

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
  const { kube, signal, recipeDirs } = options;
  try {
    const decided =
      kube === undefined
        ? { value: recognise(), isByApi: false }
        : await decideByApi(recognise, { recipes, recipeDirs, kube, profile, signal });
    if (!("error" in decided)) {
      const { value, isByApi } = decided;
      if (isByApi) return ok("cni", null, `${value.metadata.name}, by what the API says`);
      return await rowOf(value, profile, options);
    }
    const { error, said } = decided;
    const beside = said.length === 0 ? "" : `; the API says: ${said.join("; ")}`;
    return warn("cni", null, openRow(`${error.message}${beside}`));
  } catch (error) {
    const { message, hint, code } = asHopbookError(error);
    if (code === "CNI_UNRECOGNISED" && profile.cni === "auto") return warn("cni", null, openRow(message));
    const said = { found: message, todo: hint ?? TODO };
    return code === "CNI_UNRECOGNISED" ? blocks("cni", null, said) : warn("cni", null, said);
  }
}

/** It stops no run. */
function openRow(found: string): { readonly found: string; readonly todo: string } {
  return {
    found: `${found}; runs go by the nodes' routes, pairs of devices, bridges and tunnels`,
    todo: TODO,
  };
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
