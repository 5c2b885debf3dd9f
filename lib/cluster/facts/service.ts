import { asHopbookError, HopbookError } from "../../errors.js";
import type { KubePod } from "./objects.js";
import { listPodsBy, objectNotFound, type KubeQuery } from "./pods.js";
import { showText } from "../names.js";
import { canonicalIp, ipVersion, type Family } from "../../linux/address.js";
import type { AddressAndPort } from "../../linux/endpoint.js";
import { asList, fieldOf, integerOf, textEntries, textOf } from "../../linux/json.js";
import type { Door } from "../../model/cluster.js";
import { chooseEndpoint } from "./choose-endpoint.js";
import { listSlices, readEndpoints, type Endpoint, type ServicePort } from "./endpoints.js";

/** A Service and the endpoint that is followed. */
export interface FoundService {
  readonly name: string;
  /**
   * Where its packets are sent: its ClusterIP, or by which of its doors it was asked for. null: headless, so that its pods'
   * addresses stand in packets.
   */
  readonly sentTo: AddressAndPort | null;
  /** null: its ClusterIP, or none. */
  readonly door: Door | null;
  readonly backend: Endpoint;
  /** The same backend by the Service's other IP family; null where it has one alone, or was named by its address. */
  readonly otherFamily: Pick<FoundService, "sentTo" | "backend"> | null;
  /** How many more there are to which what is sent may go. */
  readonly otherBackends: number;
  /** Addresses of all, the followed one among them. */
  readonly backends: readonly string[];
  /** Its door's node, where that has none of its backends and takes nothing for others (externalTrafficPolicy: Local). */
  readonly refusedAt: string | null;
  readonly notes: readonly string[];
}

export interface ServiceQuery extends KubeQuery {
  readonly port: number | string | null;
  /** The node of the other end. */
  readonly away: string | null;
  readonly backend?: string | undefined;
  /** To which backend the sender's node keeps its connections, of a Service that does so; null: nobody knows. */
  readonly askPinned?: ((address: AddressAndPort) => Promise<string | null>) | undefined;
}

/** By what a Service was asked for, where that is not its name. */
interface Asked {
  readonly ip: string;
  /** null: its ClusterIP. */
  readonly door: Door | null;
}

export const SERVICES = { group: "", version: "v1", resource: "services" } as const;

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

/** What is behind a Service as the API has it. Throws TARGET_NOT_FOUND, TARGET_AMBIGUOUS. */
export async function followService(
  value: unknown,
  query: ServiceQuery,
  asked: Asked | null = null,
): Promise<FoundService> {
  const { text } = query;
  if (textOf(value, "spec", "type") === "ExternalName") throw onlyAName(value, text);
  const namespace = textOf(value, "metadata", "namespace") ?? "";
  const name = textOf(value, "metadata", "name") ?? "";
  const door = asked?.door ?? null;
  const [first, other] = readFaces(value, asked?.ip);
  const port = choosePort(readPorts(value), { ...query, isHeadless: first.ip === null, door });
  const slices = await listSlices({ namespace, name }, query);
  const pick = (family: Family | null): Endpoint[] =>
    readEndpoints(slices, { namespace, port, family, asked: query.port });
  const all = pick(first.family);
  const { endpoints, notes, refusedAt } = admitted(all, {
    value,
    door,
    away: query.away,
    name: `${namespace}/${name}`,
  });
  const affinity = endpoints.length > 1 ? readAffinity(value) : null;
  const number = door?.kind === "nodePort" ? (port?.nodePort ?? null) : (port?.port ?? null);
  const withPort = (ip: string | null): AddressAndPort | null =>
    ip === null || number === null ? null : { ip, port: number };
  const sentTo = withPort(first.ip);
  const pinned = affinity === null || sentTo === null ? null : ((await query.askPinned?.(sentTo)) ?? null);
  const chosen = chooseEndpoint(endpoints, { ...query, pinned });
  const { backend, isPinned } = chosen;
  const twin = other === undefined ? undefined : pick(other.family).find(({ pod }) => pod === backend.pod);
  const isSame = other !== undefined && twin !== undefined && backend.pod !== null;
  return {
    name: `${namespace}/${name}`,
    ...{ sentTo, door },
    otherFamily: isSame ? { sentTo: withPort(other.ip), backend: twin } : null,
    ...{ backend, otherBackends: isPinned ? 0 : endpoints.length - 1 },
    backends: endpoints.map(({ ip }) => ip),
    refusedAt,
    notes: [
      ...notes,
      ...(affinity === null ? [] : [sayAffinity(text, affinity, isPinned ? backend.ip : null)]),
      ...(chosen.note === null ? [] : [chosen.note]),
    ],
  };
}

function onlyAName(value: unknown, text: string): HopbookError {
  const host = textOf(value, "spec", "externalName") ?? "";
  const ip = canonicalIp(host);
  return new HopbookError(
    "TARGET_NOT_FOUND",
    `Cannot follow ${showText(text)}: it is an ExternalName, a name in DNS alone that stands for ${showText(host)}; ` +
      "it has neither an address nor backends",
    {
      hint:
        ip === undefined
          ? "Follow what the pod is told for it: resolve the name in the pod, and name that address, as --to 198.51.100.7:443"
          : `Follow the address: --to ${ip}, with the port behind it`,
    },
  );
}

/** Those of a Service's endpoints to which its traffic policies let packets go, and what is to be said of that. */
function admitted(
  all: readonly Endpoint[],
  given: {
    readonly value: unknown;
    readonly door: Door | null;
    readonly away: string | null;
    readonly name: string;
  },
): Pick<FoundService, "notes" | "refusedAt"> & { readonly endpoints: readonly Endpoint[] } {
  const { value, door, away, name } = given;
  // What pods send to a door of their own node is led to any backend, as by the ClusterIP.
  const isOutside = door !== null && door.node !== null && door.node !== away;
  const policy = isOutside ? "externalTrafficPolicy" : "internalTrafficPolicy";
  const at = isOutside ? door.node : away;
  if (textOf(value, "spec", policy) !== "Local" || at === null)
    return { endpoints: all, notes: [], refusedAt: null };
  const local = all.filter(({ node }) => node === at);
  if (local.length > 0 || all.length === 0) return { endpoints: local, notes: [], refusedAt: null };
  const note =
    `${name} has ${policy}: Local and no backend on ${at}: what comes to it there is dropped on purpose, ` +
    "and is no loss of the network";
  return { endpoints: all, notes: [note], refusedAt: isOutside ? at : null };
}

/** For how many seconds a client is kept to one backend; null: it is not. */
function readAffinity(value: unknown): number | null {
  if (textOf(value, "spec", "sessionAffinity") !== "ClientIP") return null;
  // The API's default.
  return integerOf(fieldOf(value, "spec", "sessionAffinityConfig", "clientIP"), "timeoutSeconds") ?? 10_800;
}

/** That a Service keeps its clients to a backend, and to which. */
export function sayAffinity(text: string, seconds: number, pinned: string | null): string {
  const which =
    pinned === null
      ? "to which this one is kept, if to any, is not known"
      : `this one is kept to ${pinned}, which is followed`;
  return `${text} keeps each client to one backend for ${String(seconds)} s after its last connection (session affinity): ${which}`;
}

/** A Service in one of its IP families. */
interface Face {
  /** null: of a headless one without word of its families, so that any will do. */
  readonly family: Family | null;
  /** null: headless. */
  readonly ip: string | null;
}

/** The first family first; of one that was named by its address that one alone. */
function readFaces(value: unknown, ip: string | undefined): readonly [Face, Face?] {
  if (ip !== undefined) return [{ family: ipVersion(ip), ip }];
  const texts = [textOf(value, "spec", "clusterIP"), ...asList(fieldOf(value, "spec", "clusterIPs"))];
  const ips = texts.flatMap((text) => (typeof text === "string" ? (canonicalIp(text) ?? []) : []));
  const families = asList(fieldOf(value, "spec", "ipFamilies")).flatMap((name) =>
    name === "IPv4" ? [4 as const] : name === "IPv6" ? [6 as const] : [],
  );
  const faces: Face[] =
    ips.length > 0
      ? ips.map((each) => ({ family: ipVersion(each), ip: each }))
      : families.map((family) => ({ family, ip: null }));
  const [first = { family: null, ip: null }] = faces;
  const other = faces.find(({ family }) => family !== first.family);
  return other === undefined ? [first] : [first, other];
}

export function readPorts(value: unknown): ServicePort[] {
  return asList(fieldOf(value, "spec", "ports")).flatMap((entry) => {
    const port = integerOf(entry, "port");
    if (port === null) return [];
    return {
      name: textOf(entry, "name") ?? "",
      port,
      protocol: textOf(entry, "protocol") ?? "TCP",
      nodePort: integerOf(entry, "nodePort"),
    };
  });
}

/** null: a headless Service without ports. */
function choosePort(
  ports: readonly ServicePort[],
  query: ServiceQuery & { readonly isHeadless: boolean; readonly door: Door | null },
): ServicePort | null {
  const { port, text, door } = query;
  const isAsked = (each: ServicePort): boolean =>
    each.name === port || (door?.kind === "nodePort" ? each.nodePort : each.port) === port;
  const fits = port === null ? ports : ports.filter(isAsked);
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
