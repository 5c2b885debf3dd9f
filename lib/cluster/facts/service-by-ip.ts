import { asHopbookError } from "../../errors.js";
import { canonicalIp } from "../../linux/address.js";
import { asList, fieldOf } from "../../linux/json.js";
import type { KubeQuery } from "./pods.js";

const SERVICES = { group: "", version: "v1", resource: "services" } as const;
/** Of a cluster that has more, a second ClusterIP is not looked for. */
const MAX_SERVICES = 5000;

/**
 * The Service whose first or second ClusterIP it is. null: none has it; undefined: Services may not be listed, so that
 * nobody knows. A field selector finds the first ClusterIP alone, so that all are listed for the second.
 */
export async function getServiceByIp(
  ip: string,
  { kube, signal }: Pick<KubeQuery, "kube" | "signal">,
): Promise<unknown> {
  const list = (fieldSelector: string, most: number): Promise<readonly unknown[]> =>
    kube.list({ ...SERVICES, query: { fieldSelector }, signal }, most);
  try {
    const [first] = await list(`spec.clusterIP=${ip}`, 100);
    if (first !== undefined) return first;
    const all = await list("spec.clusterIP!=None", MAX_SERVICES);
    return all.find((value) => clusterIpsOf(value).includes(ip)) ?? null;
  } catch (error) {
    const failure = asHopbookError(error);
    if (failure.code === "KUBE_FORBIDDEN" || failure.code === "KUBE_REFUSED") return undefined;
    throw failure;
  }
}

function clusterIpsOf(value: unknown): readonly string[] {
  const texts = asList(fieldOf(value, "spec", "clusterIPs"));
  return texts.flatMap((text) => (typeof text === "string" ? (canonicalIp(text) ?? []) : []));
}
