import { asHopbookError, HopbookError } from "../../errors.js";
import type { KubePod } from "./objects.js";
import { listPodsBy, objectNotFound, type KubeQuery } from "./pods.js";
import { listSlices, readEndpoints, spell, type Endpoint, type ServicePort } from "./endpoints.js";
import { getServiceByIp } from "./service-by-ip.js";
import { showText } from "../names.js";
import { canonicalIp, ipVersion, type Family } from "../../linux/address.js";
import type { AddressAndPort } from "../../linux/endpoint.js";
import { asList, fieldOf, integerOf, textEntries, textOf } from "../../linux/json.js";

/** A Service and the endpoint that is followed. */
export interface FoundService {
  readonly name: string;
  /** null: headless, so that its pods' addresses stand in packets. */
  readonly clusterIp: AddressAndPort | null;
  readonly backend: Endpoint;
  /** The same backend by the Service's other IP family; null where it has one alone, or was named by its address. */
  readonly otherFamily: Pick<FoundService, "clusterIp" | "backend"> | null;
  /** How many more there are. */
  readonly otherBackends: number;
  /** Addresses of all, the followed one among them. */
  readonly backends: readonly string[];
  readonly note: string | null;
}

interface ServiceQuery extends KubeQuery {
  readonly port: number | string | null;
  /** The node of the other end. */
  readonly away: string | null;
  readonly backend?: string | undefined;
  /** The address that was asked for, where it was one. */
  readonly ip?: string;
}

const SERVICES = { group: "", version: "v1", resource: "services" } as const;

/** A Service by name with its ready endpoints. Throws TARGET_NOT_FOUND, TARGET_AMBIGUOUS. */
export async function findKubeService(
  name: { readonly namespace: string; readonly name: string },
  query: ServiceQuery,
): Promise<FoundService> {
  try {
    const value = await query.kube.request({ verb: "get", ...SERVICES, ...name, signal: query.signal });
    return await followService(value, query);
  } catch (error) {
    const failure = asHopbookError(error);
    if (failure.code !== "KUBE_NOT_FOUND") throw failure;
    throw await objectNotFound({ ...SERVICES, ...name }, query);
  }
}

/** All pods that a Service's own selector selects, ready or not. Throws TARGET_NOT_FOUND, also where it has no selector. */
export async function listPodsOfService(
  name: { readonly namespace: string; readonly name: string },
  query: KubeQuery,
): Promise<readonly KubePod[]> {
  const { kube, text, signal } = query;
  let value: unknown;
  try {
    value = await kube.request({ verb: "get", ...SERVICES, ...name, signal });
  } catch (error) {
    const failure = asHopbookError(error);
    if (failure.code !== "KUBE_NOT_FOUND") throw failure;
    throw await objectNotFound({ ...SERVICES, ...name }, query);
  }
  const labels = Object.entries(textEntries(fieldOf(value, "spec", "selector")));
  if (labels.length === 0) {
    throw new HopbookError(
      "TARGET_NOT_FOUND",
      `Cannot tell the pods of ${showText(text)}: it has no selector`,
      {
        hint: "name the pods behind it, or their labels",
      },
    );
  }
  const labelSelector = labels.map(([key, label]) => `${key}=${label}`).join(",");
  return listPodsBy({ namespace: name.namespace, labelSelector }, query);
}

/** The Service that has a ClusterIP, of either family; null where none has it, or Services may not be listed. */
export async function findServiceByIp(ip: string, query: ServiceQuery): Promise<FoundService | null> {
  const value = await getServiceByIp(ip, query);
  return value == null ? null : followService(value, { ...query, ip });
}

/**
 * Its name, and who is ready behind one of its ports: nobody, where it has no such port. null where no Service has the
 * ClusterIP; undefined where Services may not be listed.
 */
export async function findBackendsByIp(
  address: AddressAndPort & { readonly port: number },
  query: Pick<KubeQuery, "kube" | "signal">,
): Promise<{ readonly name: string; readonly backends: readonly string[] } | null | undefined> {
  const value = await getServiceByIp(address.ip, query);
  if (value == null) return value;
  const namespace = textOf(value, "metadata", "namespace") ?? "";
  const name = textOf(value, "metadata", "name") ?? "";
  const port = readPorts(value).find((each) => each.port === address.port);
  const slices = port === undefined ? [] : await listSlices({ namespace, name }, query);
  const of = { namespace, port: port ?? null, family: ipVersion(address.ip), asked: address.port };
  const backends = readEndpoints(slices, of).map(({ ip }) => ip);
  return { name: `${namespace}/${name}`, backends: [...new Set(backends)] };
}

async function followService(value: unknown, query: ServiceQuery): Promise<FoundService> {
  const { text } = query;
  if (textOf(value, "spec", "type") === "ExternalName") {
    const host = textOf(value, "spec", "externalName") ?? "";
    throw new HopbookError(
      "TARGET_NOT_FOUND",
      `Cannot follow ${showText(text)}: it only stands for ${showText(host)}`,
      {
        hint: "name that host's address",
      },
    );
  }
  const namespace = textOf(value, "metadata", "namespace") ?? "";
  const name = textOf(value, "metadata", "name") ?? "";
  const [first, other] = readFaces(value, query.ip);
  const port = choosePort(readPorts(value), { ...query, isHeadless: first.clusterIp === null });
  const slices = await listSlices({ namespace, name }, query);
  const pick = (family: Family | null): Endpoint[] =>
    readEndpoints(slices, { namespace, port, family, asked: query.port });
  const endpoints = pick(first.family);
  const { backend, note } = chooseEndpoint(endpoints, query);
  const withPort = (ip: string | null): AddressAndPort | null =>
    ip === null || port === null ? null : { ip, port: port.port };
  const twin = other === undefined ? undefined : pick(other.family).find(({ pod }) => pod === backend.pod);
  const isSame = other !== undefined && twin !== undefined && backend.pod !== null;
  return {
    name: `${namespace}/${name}`,
    clusterIp: withPort(first.clusterIp),
    otherFamily: isSame ? { clusterIp: withPort(other.clusterIp), backend: twin } : null,
    ...{ backend, note, otherBackends: endpoints.length - 1 },
    backends: endpoints.map(({ ip }) => ip),
  };
}

/** A Service in one of its IP families. */
interface Face {
  /** null: of a headless one without word of its families, so that any will do. */
  readonly family: Family | null;
  /** null: headless. */
  readonly clusterIp: string | null;
}

/** The first family first; of one that was named by its address that one alone. */
function readFaces(value: unknown, ip: string | undefined): readonly [Face, Face?] {
  if (ip !== undefined) return [{ family: ipVersion(ip), clusterIp: ip }];
  const texts = [textOf(value, "spec", "clusterIP"), ...asList(fieldOf(value, "spec", "clusterIPs"))];
  const ips = texts.flatMap((text) => (typeof text === "string" ? (canonicalIp(text) ?? []) : []));
  const families = asList(fieldOf(value, "spec", "ipFamilies")).flatMap((name) =>
    name === "IPv4" ? [4 as const] : name === "IPv6" ? [6 as const] : [],
  );
  const faces: Face[] =
    ips.length > 0
      ? ips.map((clusterIp) => ({ family: ipVersion(clusterIp), clusterIp }))
      : families.map((family) => ({ family, clusterIp: null }));
  const [first = { family: null, clusterIp: null }] = faces;
  const other = faces.find(({ family }) => family !== first.family);
  return other === undefined ? [first] : [first, other];
}

function readPorts(value: unknown): ServicePort[] {
  return asList(fieldOf(value, "spec", "ports")).flatMap((entry) => {
    const port = integerOf(entry, "port");
    if (port === null) return [];
    return { name: textOf(entry, "name") ?? "", port, protocol: textOf(entry, "protocol") ?? "TCP" };
  });
}

/** null: a headless Service without ports. */
function choosePort(
  ports: readonly ServicePort[],
  query: ServiceQuery & { readonly isHeadless: boolean },
): ServicePort | null {
  const { port, text } = query;
  const fits = port === null ? ports : ports.filter((each) => each.port === port || each.name === port);
  const [first] = fits;
  const detail = ports.map((each) => `${each.port}/${each.protocol} ${each.name}`.trimEnd()).join("\n");
  if (first === undefined) {
    if (ports.length === 0 && query.isHeadless && typeof port !== "string") return null;
    throw new HopbookError(
      "TARGET_NOT_FOUND",
      `Cannot follow ${showText(text)}: the service has no such port`,
      {
        ...{ hint: "use one of its ports", detail },
      },
    );
  }
  // One number may stand for TCP and for UDP: what is sent there decides.
  if (new Set(fits.map((each) => each.port)).size === 1) return first;
  throw new HopbookError(
    "TARGET_AMBIGUOUS",
    `Cannot tell which port of ${showText(text)} is meant: the service has several`,
    {
      ...{ hint: "write the port as well", detail },
    },
  );
}

function chooseEndpoint(
  endpoints: readonly Endpoint[],
  { text, away, backend }: ServiceQuery,
): { readonly backend: Endpoint; readonly note: string | null } {
  const detail = endpoints.map(spell).join("\n");
  const spreads = endpoints.length > 1;
  if (backend !== undefined) {
    const written = canonicalIp(backend);
    const chosen = endpoints.find(({ pod, ip }) => pod === backend || ip === written);
    if (chosen !== undefined) return { backend: chosen, note: spreads ? noteDirect(text, chosen) : null };
    const message = `Cannot follow ${showText(text)} to ${showText(backend)}: it is none of the service's ready backends`;
    throw new HopbookError("TARGET_NOT_FOUND", message, { hint: "choose one of those listed", detail });
  }
  const [chosen] = endpoints.toSorted((a, b) => Number(a.node === away) - Number(b.node === away));
  if (chosen === undefined) {
    throw new HopbookError(
      "TARGET_NOT_FOUND",
      `Cannot follow ${showText(text)}: the service has no ready endpoint`,
      {
        hint: "check the Service's selector and whether its pods are ready",
      },
    );
  }
  if (!spreads) return { backend: chosen, note: null };
  const note = `of ${endpoints.length} backends the first is followed; choose another with --backend, or all with --all-backends`;
  return { backend: chosen, note: `${noteDirect(text, chosen)}; ${note}` };
}

/** What is sent to a Service's address may go to any backend, and would look lost on the way to this one. */
function noteDirect(text: string, chosen: Endpoint): string {
  return `${text}: what is sent goes to ${spell(chosen)} itself, past the Service's address`;
}
