import { asHopbookError } from "../../errors.js";
import { canonicalIp, ipVersion } from "../../linux/address.js";
import type { AddressAndPort } from "../../linux/endpoint.js";
import { asList, fieldOf, integerOf, textOf } from "../../linux/json.js";
import type { Door } from "../../model/cluster.js";
import { listSlices, readEndpoints } from "./endpoints.js";
import type { KubeQuery } from "./pods.js";
import { followService, readPorts, SERVICES, type FoundService, type ServiceQuery } from "./service.js";

/** A cluster has no more by far; of one that has, those behind are not found. */
const MAX_SERVICES = 20_000;

const SERVICE_CIDRS = { group: "networking.k8s.io", version: "v1", resource: "servicecidrs" } as const;
const MAX_RANGES = 100;

/** Those with NodePorts and load balancers' addresses: few of a cluster's Services. */
const OPEN = "spec.type!=ClusterIP,spec.type!=ExternalName";
/** The others that have an address at all. */
const INNER = "spec.type=ClusterIP,spec.clusterIP!=None";

/**
 * The Service that has an address: as a ClusterIP of either family, an external IP, or its load balancer's; null where none
 * has it, or Services may not be listed. Throws as findKubeService does.
 */
export async function findServiceByIp(
  ip: string,
  query: ServiceQuery & {
    /** ClusterIPs of all Services, where none has the address. */
    readonly unserved?: (clusterIps: readonly string[]) => void;
  },
): Promise<FoundService | null> {
  const found = await getService(ip, query);
  return found == null ? null : followService(found.value, query, { ip, door: found.door });
}

/** The Service whose NodePort a port is; null where it is none's, or Services may not be listed. */
export async function findServiceByNodePort(
  at: { readonly ip: string; readonly port: number; readonly node: string },
  query: ServiceQuery,
): Promise<FoundService | null> {
  const { ip, port, node } = at;
  const values = (await listServices(query, OPEN)) ?? [];
  const found = values.find((value) =>
    asList(fieldOf(value, "spec", "ports")).some((entry) => integerOf(entry, "nodePort") === port),
  );
  return found === undefined ? null : followService(found, query, { ip, door: { kind: "nodePort", node } });
}

/**
 * Its name, and who is ready behind one of its ports: nobody, where it has no such port. null where no Service has the
 * ClusterIP; undefined where Services may not be listed.
 */
export async function findBackendsByIp(
  address: AddressAndPort & { readonly port: number },
  query: Pick<KubeQuery, "kube" | "signal">,
): Promise<{ readonly name: string; readonly backends: readonly string[] } | null | undefined> {
  const found = await getService(address.ip, query);
  if (found == null) return found;
  const { value, door } = found;
  if (door !== null) return null;
  const namespace = textOf(value, "metadata", "namespace") ?? "";
  const name = textOf(value, "metadata", "name") ?? "";
  const port = readPorts(value).find((each) => each.port === address.port);
  const slices = port === undefined ? [] : await listSlices({ namespace, name }, query);
  const of = { namespace, port: port ?? null, family: ipVersion(address.ip), asked: address.port };
  const backends = readEndpoints(slices, of).map(({ ip }) => ip);
  return { name: `${namespace}/${name}`, backends: [...new Set(backends)] };
}

/**
 * A field selector finds the first ClusterIP alone, so that Services are listed for the other addresses, the few that are
 * open to the outside before all others. null: none has the address; undefined: Services may not be listed, so that
 * nobody knows.
 */
async function getService(
  ip: string,
  query: Pick<KubeQuery, "kube" | "signal"> & { readonly unserved?: (clusterIps: readonly string[]) => void },
): Promise<{ readonly value: unknown; readonly door: Door | null } | null | undefined> {
  const clusterIps: string[] = [];
  for (const selector of [`spec.clusterIP=${ip}`, OPEN, INNER]) {
    const values = await listServices(query, selector);
    if (values === undefined) return undefined;
    for (const value of values) {
      const door = doorOf(value, ip);
      if (door !== undefined) return { value, door };
      clusterIps.push(...clusterIpsOf(value).filter((own) => own !== "None"));
    }
  }
  query.unserved?.(clusterIps);
  return null;
}

/** null: its ClusterIP; undefined: it does not have the address. */
function doorOf(value: unknown, ip: string): Door | null | undefined {
  const has = (texts: readonly unknown[]): boolean =>
    texts.some((text) => typeof text === "string" && canonicalIp(text) === ip);
  if (has(clusterIpsOf(value))) return null;
  if (has(asList(fieldOf(value, "spec", "externalIPs")))) return { kind: "externalIp", node: null };
  const ingress = asList(fieldOf(value, "status", "loadBalancer", "ingress"));
  return has(ingress.map((entry) => textOf(entry, "ip"))) ? { kind: "loadBalancer", node: null } : undefined;
}

function clusterIpsOf(value: unknown): string[] {
  const own = [fieldOf(value, "spec", "clusterIP"), ...asList(fieldOf(value, "spec", "clusterIPs"))];
  return own.filter((text) => typeof text === "string");
}

/** The ranges from which ClusterIPs are given out, where the API knows (Kubernetes 1.33) and tells; else none. */
export async function listServiceRanges({
  kube,
  signal,
}: Pick<KubeQuery, "kube" | "signal">): Promise<readonly string[]> {
  try {
    const found = await kube.list({ ...SERVICE_CIDRS, signal }, MAX_RANGES);
    return found
      .flatMap((one) => asList(fieldOf(one, "spec", "cidrs")))
      .filter((text) => typeof text === "string");
  } catch (error) {
    const failure = asHopbookError(error);
    if (signal?.aborted === true) throw failure;
    return [];
  }
}

/** undefined: they may not be listed. */
async function listServices(
  { kube, signal }: Pick<KubeQuery, "kube" | "signal">,
  fieldSelector: string,
): Promise<readonly unknown[] | undefined> {
  try {
    return await kube.list({ ...SERVICES, query: { fieldSelector }, signal }, MAX_SERVICES);
  } catch (error) {
    const failure = asHopbookError(error);
    if (failure.code === "KUBE_FORBIDDEN" || failure.code === "KUBE_REFUSED") return undefined;
    throw failure;
  }
}
