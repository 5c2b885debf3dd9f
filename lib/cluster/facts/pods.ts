import { nearestFew } from "../../document/index.js";
import { asHopbookError, HopbookError } from "../../errors.js";
import type { KubeReader } from "../../model/kube.js";
import { readKubePod, type KubePod } from "./objects.js";
import { showText } from "../names.js";
import { parseEnd, type WorkloadResource } from "../end-name.js";
import { asList, asRecord, fieldOf, textOf } from "../../linux/json.js";

export interface KubeQuery {
  readonly kube: KubeReader;
  /** How the end was written, for errors. */
  readonly text: string;
  readonly signal?: AbortSignal | undefined;
}

const PODS = { group: "", version: "v1", resource: "pods" } as const;
const MAX_NEAR = 8;
/** Of one selector or one address: more than this is no answer to "which pod". */
const MAX_PODS = 5000;

/** One pod by its name; only where there is none are others looked at, for near names. */
export async function getPod(
  name: { readonly namespace: string; readonly name: string },
  query: KubeQuery,
): Promise<KubePod> {
  const { kube, text, signal } = query;
  try {
    const found = readKubePod(await kube.request({ verb: "get", ...PODS, ...name, signal }));
    if (found !== null) return found;
    throw new HopbookError("KUBE_REFUSED", `Cannot read the pod ${showText(text)}: the API's answer is none`);
  } catch (error) {
    const failure = asHopbookError(error);
    if (failure.code !== "KUBE_NOT_FOUND") throw failure;
    throw await podNotFound(name, query);
  }
}

/** The pods that labels select; near names are not looked for. */
export async function listPodsBy(
  where: { readonly namespace?: string; readonly labelSelector?: string; readonly fieldSelector?: string },
  { kube, signal }: Omit<KubeQuery, "text">,
): Promise<readonly KubePod[]> {
  const { namespace, ...query } = where;
  const items = await kube.list(
    { ...PODS, ...(namespace === undefined ? {} : { namespace }), query, signal },
    MAX_PODS,
  );
  return items.flatMap((item) => readKubePod(item) ?? []);
}

/** The pods of a Deployment and the like, by its selector. Throws TARGET_NOT_FOUND. */
export async function listPodsOf(
  workload: { readonly resource: WorkloadResource; readonly namespace: string; readonly name: string },
  query: KubeQuery,
): Promise<readonly KubePod[]> {
  const group = workload.resource === "jobs" ? "batch" : "apps";
  let value: unknown;
  try {
    value = await query.kube.request({
      verb: "get",
      group,
      version: "v1",
      ...workload,
      signal: query.signal,
    });
  } catch (error) {
    const failure = asHopbookError(error);
    if (failure.code !== "KUBE_NOT_FOUND") throw failure;
    throw await objectNotFound({ ...workload, group }, query);
  }
  const labelSelector = spellSelector(fieldOf(value, "spec", "selector"));
  if (labelSelector === null) {
    throw new HopbookError(
      "TARGET_NOT_FOUND",
      `Cannot tell the pods of ${showText(query.text)}: it has no selector`,
    );
  }
  const pods = await listPodsBy({ namespace: workload.namespace, labelSelector }, query);
  const uid = textOf(value, "metadata", "uid") ?? "";
  // A Deployment's pods are owned by its ReplicaSets, so there the selector alone counts.
  return workload.resource === "deployments" ? pods : pods.filter(({ owners }) => owners.includes(uid));
}

/** A LabelSelector as a query takes it; null for one that selects nothing, or says what is not known here. */
export function spellSelector(selector: unknown): string | null {
  const equal = Object.entries(asRecord(fieldOf(selector, "matchLabels"))).map(([key, value]) =>
    typeof value === "string" ? `${key}=${value}` : null,
  );
  const expressions = asList(fieldOf(selector, "matchExpressions")).map((expression) => {
    const key = textOf(expression, "key") ?? "";
    const values = asList(fieldOf(expression, "values")).filter((value) => typeof value === "string");
    switch (textOf(expression, "operator")) {
      case "In":
        return `${key} in (${values.join(",")})`;
      case "NotIn":
        return `${key} notin (${values.join(",")})`;
      case "Exists":
        return key;
      case "DoesNotExist":
        return `!${key}`;
      default:
        return null;
    }
  });
  const terms = [...equal, ...expressions];
  return terms.length === 0 || terms.includes(null) ? null : terms.join(",");
}

async function podNotFound(
  { namespace, name }: { readonly namespace: string; readonly name: string },
  query: KubeQuery,
): Promise<HopbookError> {
  const names = await namesIn({ ...PODS, namespace }, query);
  const found = names.list;
  // What begins with it (a Deployment's pods) is nearer than any slip of the finger.
  const near = [...found.filter((each) => each.startsWith(`${name}-`)), ...nearestFew(name, found, MAX_NEAR)];
  const elsewhere = await sameElsewhere(name, query);
  const here = [...new Set(near)].map((each) => `${namespace}/${each}`);
  const shown = [...elsewhere, ...here].slice(0, MAX_NEAR);
  const [first] = shown;
  const why = names.why ?? `none of the ${found.length} pods in ${namespace} has that name`;
  return new HopbookError("TARGET_NOT_FOUND", `Cannot find the pod ${showText(query.text)}: ${why}`, {
    hint: first === undefined ? hintOfNamespace(query.text, "pods") : `did you mean ${first}?`,
    ...(shown.length === 0 ? {} : { detail: `near: ${shown.join(", ")}` }),
  });
}

/** Pods of that very name in other namespaces, where none was written; nothing where they may not be listed. */
async function sameElsewhere(name: string, { kube, text, signal }: KubeQuery): Promise<readonly string[]> {
  const end = parseEnd(text);
  if (!("namespace" in end) || end.namespace !== null) return [];
  try {
    const pods = await listPodsBy({ fieldSelector: `metadata.name=${name}` }, { kube, signal });
    return pods.map((pod) => `${pod.namespace}/${pod.name}`).sort();
  } catch (error) {
    const { code } = asHopbookError(error);
    if (code === "KUBE_FORBIDDEN" || code === "PERMISSION_DENIED") return [];
    throw error;
  }
}

/** The error for a Service or a workload that is not there. */
export async function objectNotFound(
  {
    namespace,
    name,
    ...kind
  }: { readonly group: string; readonly resource: string; readonly namespace: string; readonly name: string },
  query: KubeQuery,
): Promise<HopbookError> {
  const names = await namesIn({ ...kind, version: "v1", namespace }, query);
  const near = nearestFew(name, names.list, MAX_NEAR);
  const why = names.why ?? `there are no ${kind.resource} of that name in ${namespace}`;
  return new HopbookError("TARGET_NOT_FOUND", `Cannot find ${showText(query.text)}: ${why}`, {
    hint: near[0] === undefined ? hintOfNamespace(query.text, kind.resource) : `did you mean ${near[0]}?`,
    ...(near.length === 0 ? {} : { detail: `near: ${near.join(", ")}` }),
  });
}

/** Where the namespace was not written it is the first thing that may be wrong. */
function hintOfNamespace(text: string, resource: string): string {
  const see = `kubectl get ${resource} -A`;
  const name = parseEnd(text);
  return "namespace" in name && name.namespace === null
    ? `name its namespace: -n NAMESPACE, or NAMESPACE/${text}; to see them all: ${see}`
    : `see what there is: ${see}`;
}

/** Names for an error's sake: who may not list them gets the error without. */
async function namesIn(
  place: {
    readonly group: string;
    readonly version: string;
    readonly resource: string;
    readonly namespace: string;
  },
  { kube, signal }: KubeQuery,
): Promise<{ readonly list: readonly string[]; readonly why: string | null }> {
  try {
    const items = await kube.list({ ...place, signal }, MAX_PODS);
    const names = items.flatMap((item) => textOf(asRecord(item), "metadata", "name") ?? []);
    if (names.length > 0) return { list: names.sort(), why: null };
    const namespace = { group: "", version: "v1", resource: "namespaces", name: place.namespace };
    await kube.request({ verb: "get", ...namespace, signal });
    return { list: names, why: null };
  } catch (error) {
    const failure = asHopbookError(error);
    if (failure.code === "KUBE_NOT_FOUND")
      return { list: [], why: `there is no namespace ${place.namespace}` };
    if (failure.code !== "KUBE_FORBIDDEN") throw failure;
    return {
      list: [],
      why: `the API has none of that name in ${place.namespace}, and others may not be listed`,
    };
  }
}
