import { readPolicyFacts } from "../../cluster/index.js";
import type { FlowPath } from "../../model/hops.js";
import type { PolicyFacts } from "../../model/cni/network-policy.js";
import type { StepContext } from "../../model/steps.js";

/** What the API says of NetworkPolicies for the pods of paths; null where it is not asked, or there is no pod. */
export async function readPolicies(
  paths: readonly FlowPath[],
  { kube, signal }: Pick<StepContext, "kube" | "signal">,
): Promise<PolicyFacts | null> {
  const pods = paths.flatMap(({ from, to }) => [from, to].flatMap(({ pod }) => pod ?? []));
  return kube === undefined || pods.length === 0 ? null : readPolicyFacts(pods, { kube, signal });
}
