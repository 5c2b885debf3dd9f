import { HopbookError } from "../errors.js";
import type { ClusterProfile } from "../model/cluster.js";
import type { KubeReader } from "../model/kube.js";
import { askOfAll, describeReading, recipesByApi } from "./cni-evidence.js";
import type { HopRecipe } from "./recipe.js";

interface ApiDecision<T> {
  readonly value: T;
  /** The nodes alone left it open. */
  readonly isByApi: boolean;
}

/** That neither the nodes nor the API can say which CNI it is. */
interface Undecided {
  readonly error: HopbookError;
  /** What the API says, a line each. */
  readonly said: readonly string[];
}

interface Asking {
  readonly recipes: readonly HopRecipe[];
  readonly recipeDirs: readonly string[];
  readonly kube: KubeReader;
  readonly profile: Pick<ClusterProfile, "nodes">;
  readonly signal: AbortSignal;
}

/**
 * What the nodes show, with the cluster's API asked where they leave open which CNI they have: it decides between recipes
 * that fit alike, and has no say against the nodes. `attempt` gets the recipes that the API speaks for, at first none.
 */
export async function decideByApi<T>(
  attempt: (preferred: readonly string[]) => T | Promise<T>,
  { recipes, recipeDirs, kube, profile, signal }: Asking,
): Promise<ApiDecision<T> | Undecided> {
  try {
    return { value: await attempt([]), isByApi: false };
  } catch (error) {
    if (!isUnrecognised(error)) throw error;
    const reading = await askOfAll(recipeDirs, { kube, nodes: profile.nodes, signal });
    const preferred = recipesByApi(reading, recipes);
    const undecided = { error, said: describeReading(reading) };
    if (preferred.length === 0) return undecided;
    try {
      return { value: await attempt(preferred), isByApi: true };
    } catch (again) {
      if (!isUnrecognised(again)) throw again;
      return undecided;
    }
  }
}

function isUnrecognised(error: unknown): error is HopbookError {
  return error instanceof HopbookError && error.code === "CNI_UNRECOGNISED";
}
