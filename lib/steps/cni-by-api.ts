import {
  askOfRecipe,
  decideByApi,
  describeSkipped,
  discoverPath,
  type DiscoverContext,
} from "../hops/index.js";
import type { CniReading } from "../model/cni/api.js";
import type { End } from "../model/cluster.js";
import { stepEvidence } from "../model/evidence.js";
import type { FlowPath } from "../model/hops.js";
import type { StepContext } from "../model/steps.js";

type Asking = Pick<StepContext, "kube" | "profile" | "signal" | "recipeDirs">;

/**
 * discoverPath, with the cluster's API asked where the nodes leave open which CNI they have: it decides between recipes
 * that fit alike. Where none fits the kernel's own word has to do, and what the API says is noted beside it.
 */
export async function discoverWithApi(
  ends: { readonly from: End; readonly to: End },
  discovery: DiscoverContext,
  context: Asking,
): Promise<FlowPath> {
  const { from, to } = ends;
  const { kube, profile, signal, recipeDirs } = context;
  if (kube === undefined || profile.cni !== "auto") return discoverPath(from, to, discovery);
  const decided = await decideByApi(
    (preferred) => discoverPath(from, to, { ...discovery, preferred, mustRecognise: true }),
    {
      recipes: discovery.recipes,
      recipeDirs,
      kube,
      profile,
      signal,
    },
  );
  if (!("error" in decided)) return decided.value;
  const path = await discoverPath(from, to, discovery);
  const said = decided.said.map((line) => `the CNI in the API: ${line}`);
  return { ...path, notes: [...path.notes, ...said] };
}

/** What the API says of the recipe of paths: evidence beside the nodes', who are believed. null: it is not asked. */
export async function readCni(
  paths: readonly FlowPath[],
  { recipes }: Pick<DiscoverContext, "recipes">,
  context: Asking & Pick<StepContext, "note" | "sink" | "evidenceName">,
): Promise<CniReading | null> {
  const { kube, profile, signal, note } = context;
  const recipe = recipes.find(({ metadata }) => paths.some((path) => path.recipe === metadata.name));
  if (kube === undefined || recipe?.detect.api === undefined) return null;
  const reading = await askOfRecipe(recipe, context.recipeDirs, { kube, nodes: profile.nodes, signal });
  for (const conflict of reading.conflicts) note("warn", conflict);
  for (const skipped of describeSkipped(reading.skipped)) note("info", `the CNI in the API: ${skipped}`);
  await context.sink.writeJson(stepEvidence("cni-api", context.evidenceName), reading);
  return reading;
}
