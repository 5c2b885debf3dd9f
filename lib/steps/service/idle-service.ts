import { parseEnd } from "../../cluster/index.js";
import { asHopbookError } from "../../errors.js";
import { asList, fieldOf, textOf } from "../../linux/json.js";
import type { StepContext } from "../../model/steps.js";
import type { ServiceFacts } from "./judge-service.js";

const SERVICES = { group: "", version: "v1", resource: "services" } as const;
const SLICES = { group: "discovery.k8s.io", version: "v1", resource: "endpointslices" } as const;
const MAX_SLICES = 100;
const MAX_NAMES = 16;

/** A Service that is there and has no ready endpoint, by the API; null: it is not there, it has some, or nobody may say. */
export async function findIdleService(
  text: string,
  { kube, profile, signal }: Pick<StepContext, "kube" | "profile" | "signal">,
): Promise<ServiceFacts | null> {
  if (kube === undefined) return null;
  const end = parseEnd(text);
  try {
    const value =
      end.kind === "service"
        ? await kube.request({
            ...{ verb: "get", ...SERVICES, name: end.name, signal },
            namespace: end.namespace ?? profile.endNamespace ?? kube.namespace,
          })
        : end.kind === "ip"
          ? (
              await kube.list(
                { ...SERVICES, query: { fieldSelector: `spec.clusterIP=${end.ip}` }, signal },
                1,
              )
            )[0]
          : undefined;
    const [namespace, name] = [textOf(value, "metadata", "namespace"), textOf(value, "metadata", "name")];
    if (namespace == null || name == null || textOf(value, "spec", "type") === "ExternalName") return null;
    const labelSelector = `kubernetes.io/service-name=${name}`;
    const slices = await kube.list({ ...SLICES, namespace, query: { labelSelector }, signal }, MAX_SLICES);
    const endpoints = slices.flatMap((slice) => asList(fieldOf(slice, "endpoints")));
    if (endpoints.some((endpoint) => fieldOf(endpoint, "conditions", "ready") !== false)) return null;
    const notReady = endpoints.map((endpoint) => {
      const pod = textOf(endpoint, "targetRef", "name");
      const [address] = asList(fieldOf(endpoint, "addresses"));
      return pod === null ? (typeof address === "string" ? address : "an endpoint") : `${namespace}/${pod}`;
    });
    const clusterIp = textOf(value, "spec", "clusterIP");
    return {
      name: `${namespace}/${name}`,
      clusterIp: clusterIp === "None" ? null : clusterIp,
      ...{ endpoints: [], notReady: [...new Set(notReady)].slice(0, MAX_NAMES), untried: true },
    };
  } catch (error) {
    const { code } = asHopbookError(error);
    if (code === "KUBE_FORBIDDEN" || code === "KUBE_NOT_FOUND") return null;
    throw error;
  }
}
