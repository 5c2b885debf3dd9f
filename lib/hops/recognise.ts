import { HopbookError } from "../errors.js";
import { GENERIC } from "./generic.js";
import { fitsLink } from "./link-look.js";
import type { Link } from "../linux/links.js";
import type { HopRecipe, RecipeEvidence } from "./recipe.js";
import type { RouteEntry } from "../linux/routes.js";

/** What a node shows of its CNI. */
interface NodeEvidence {
  readonly node: string;
  readonly links: readonly Link[];
  readonly routes: readonly RouteEntry[];
}

export interface RecogniseOptions {
  /** Name of a recipe, or `auto`. */
  readonly wanted?: string;
  /** Those that the cluster's API speaks for: they decide between recipes that fit alike, and nothing else. */
  readonly preferred?: readonly string[];
}

const MAX_LISTED = 30;

/**
 * The recipe of the CNI on these nodes: the one that is named, or with "auto" the one whose required
 * evidence one node shows, with the most supporting evidence. Throws CNI_UNRECOGNISED, which lists what was
 * seen and what was tried.
 */
export function recogniseCni(
  nodes: readonly NodeEvidence[],
  recipes: readonly HopRecipe[],
  { wanted = "auto", preferred = [] }: RecogniseOptions = {},
): HopRecipe {
  if (wanted === GENERIC.metadata.name) return GENERIC;
  if (wanted !== "auto") {
    const named = recipes.find((recipe) => recipe.metadata.name === wanted);
    if (named !== undefined) return named;
    const names = recipes.map((recipe) => recipe.metadata.name).join(", ");
    throw new HopbookError(
      "CNI_UNRECOGNISED",
      `Cannot use the hop recipe ${wanted}: there is none of that name`,
      {
        hint: "set cni in the cluster profile to auto or to one of those listed",
        detail: `recipes: ${names}`,
      },
    );
  }
  const rated = recipes
    .filter((recipe) =>
      nodes.some((node) => recipe.detect.required.every((evidence) => shows(node, evidence))),
    )
    .map((recipe) => ({ recipe, support: countSupport(nodes, recipe) }))
    .sort((a, b) => b.support - a.support);
  const [best, second] = rated;
  if (best === undefined) throw unrecognised(nodes, recipes, "no recipe fits what the nodes show");
  if (second?.support === best.support) {
    const alike = rated.filter(({ support }) => support === best.support).map(({ recipe }) => recipe);
    const [one, other] = alike.filter(({ metadata }) => preferred.includes(metadata.name));
    if (one !== undefined && other === undefined) return one;
    throw unrecognised(
      nodes,
      recipes,
      `${best.recipe.metadata.name} and ${second.recipe.metadata.name} fit alike`,
    );
  }
  return best.recipe;
}

/** As recogniseCni, but where no recipe fits, or several fit alike, the kernel's own word has to do, and that is noted. */
export function recogniseOrGeneric(
  nodes: readonly NodeEvidence[],
  recipes: readonly HopRecipe[],
  options: RecogniseOptions & { readonly isStrict?: boolean | undefined } = {},
): { readonly recipe: HopRecipe; readonly notes: readonly string[] } {
  const { wanted = "auto", isStrict = false } = options;
  try {
    return { recipe: recogniseCni(nodes, recipes, options), notes: [] };
  } catch (error) {
    const isOpen = error instanceof HopbookError && error.code === "CNI_UNRECOGNISED" && wanted === "auto";
    if (!isOpen || isStrict) throw error;
    const note = `${error.message}. The hops are those of the nodes' routes, pairs of devices, bridges and tunnels`;
    return { recipe: GENERIC, notes: [note] };
  }
}

function countSupport(nodes: readonly NodeEvidence[], recipe: HopRecipe): number {
  return (recipe.detect.supporting ?? []).filter((evidence) => nodes.some((node) => shows(node, evidence)))
    .length;
}

function shows(node: NodeEvidence, evidence: RecipeEvidence): boolean {
  const { link, route } = evidence;
  if (link !== undefined) return node.links.some((found) => fitsLink(found, link));
  if (route === undefined) return false;
  return node.routes.some(
    (found) =>
      (route.protocol === undefined || found.protocol === route.protocol) &&
      (route.type === undefined || found.type === route.type),
  );
}

function unrecognised(
  nodes: readonly NodeEvidence[],
  recipes: readonly HopRecipe[],
  why: string,
): HopbookError {
  const seen = nodes.map((node) => {
    const links = node.links
      .slice(0, MAX_LISTED)
      .map((link) => `${link.name}${link.kind ? ` (${link.kind})` : ""}`);
    const protocols = [...new Set(node.routes.map((route) => route.protocol ?? "none"))].slice(0, MAX_LISTED);
    return `${node.node}: devices ${links.join(", ")}; route protocols ${protocols.join(", ")}`;
  });
  const tried = recipes.map(
    (recipe) => `${recipe.metadata.name}: wants ${JSON.stringify(recipe.detect.required)}`,
  );
  return new HopbookError("CNI_UNRECOGNISED", `Cannot recognise the CNI: ${why}`, {
    hint: "name the recipe as cni in the cluster profile, or write one",
    detail: [...seen, ...tried].join("\n"),
  });
}
