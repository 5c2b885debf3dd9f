import { HopbookError } from "../errors.js";
import { GENERIC } from "./generic.js";
import { fitsLink } from "./link-look.js";
import { findLink, type Link } from "../linux/links.js";
import type { HopRecipe, RecipeEvidence } from "./recipe.js";
import { findTunnels, isTunnel } from "./underlay.js";
import type { RouteEntry } from "../linux/routes.js";

/** What a node shows of its CNI. */
interface NodeEvidence {
  readonly node: string;
  readonly links: readonly Link[];
  readonly routes: readonly RouteEntry[];
  /** Where its route to the other end's pod leads; null: to no device that tells a CNI, or there is no such end. */
  readonly towards?: string | null;
}

interface RecogniseOptions {
  /** Name of a recipe, or `auto`. */
  readonly wanted?: string;
  /** Those that the cluster's API speaks for: they decide between recipes that fit alike, and nothing else. */
  readonly preferred?: readonly string[];
}

const MAX_LISTED = 30;

/**
 * The recipe of the CNI on these nodes: the one that is named, or with "auto" of those whose required evidence one node
 * shows the one that fits the nodes' routes to the other end best, and then the one with the most evidence. Throws CNI_UNRECOGNISED, which lists what was
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
    .map((recipe) => ({ recipe, fit: fitRoutes(nodes, recipe), support: countSupport(nodes, recipe) }))
    .filter(({ fit }) => fit > FIT.other)
    .sort((a, b) => b.fit - a.fit || b.support - a.support);
  const [best, second] = rated;
  if (best === undefined) throw unrecognised(nodes, recipes, "no recipe fits what the nodes show");
  if (second?.support === best.support && second.fit === best.fit) {
    const alike = rated
      .filter(({ support, fit }) => support === best.support && fit === best.fit)
      .map(({ recipe }) => recipe);
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

export interface Recognised {
  readonly recipe: HopRecipe;
  readonly notes: readonly string[];
}

/** As recogniseCni, but where no recipe fits, or several fit alike, the kernel's own word has to do, and that is noted. */
export function recogniseOrGeneric(
  nodes: readonly NodeEvidence[],
  recipes: readonly HopRecipe[],
  options: RecogniseOptions & { readonly isStrict?: boolean | undefined } = {},
): Recognised {
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
  const { required, supporting = [] } = recipe.detect;
  const seen = supporting.filter((evidence) => nodes.some((node) => shows(node, evidence)));
  // A recipe that requires more is for a more special case.
  return 2 * required.length + seen.length;
}

/** What a route to the other end says of a recipe: it names another tunnel, avoids all, says nothing, or is as the recipe has it. */
const FIT = { other: 0, avoided: 1, unknown: 2, named: 3 } as const;

function fitRoutes(nodes: readonly NodeEvidence[], recipe: HopRecipe): number {
  const known = nodes.map((node) => fitRoute(node, recipe)).filter((fit) => fit !== FIT.unknown);
  return known.length === 0 ? FIT.unknown : Math.max(...known);
}

/** Devices that merely exist, left over or made by a module, say less than the one that packets are routed into. */
function fitRoute({ links, towards = null }: NodeEvidence, recipe: HopRecipe): number {
  const device = findLink(links, towards);
  if (device === undefined) return FIT.unknown;
  const { tunnel } = recipe;
  const isThrough = tunnel?.through?.includes(device.name) === true;
  if (isThrough || findTunnels(links, recipe).includes(device)) return FIT.named;
  if (isTunnel(device.kind)) return FIT.other;
  return tunnel === undefined ? FIT.named : FIT.avoided;
}

function shows(node: NodeEvidence, evidence: RecipeEvidence): boolean {
  const { link, route, anyOf } = evidence;
  if (anyOf !== undefined) return anyOf.some((one) => shows(node, one));
  if (link !== undefined) return node.links.some((found) => fitsLink(found, link));
  if (route === undefined) return false;
  return node.routes.some(
    (found) =>
      (route.protocol === undefined || found.protocol === route.protocol) &&
      (route.type === undefined || found.type === route.type) &&
      (route.device === undefined || found.nexthops.some(({ dev }) => dev === route.device)),
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
