import { type JsonRecord, asRecord } from "../../linux/json.js";

/**
 * What is looked at of the API's objects, by their parts. All else is dropped where the answer comes in: a pod's
 * environment may hold secrets, and a recording keeps every answer.
 */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  metadata: [
    ...["name", "namespace", "uid", "labels", "ownerReferences", "creationTimestamp", "deletionTimestamp"],
    "annotations",
  ],
  spec: [
    ...["nodeName", "hostNetwork", "unschedulable", "taints", "podCIDR", "podCIDRs", "selector"],
    ...["type", "externalName", "clusterIP", "clusterIPs", "ipFamilies", "ports", "externalIPs"],
    ...["externalTrafficPolicy", "internalTrafficPolicy", "sessionAffinity", "sessionAffinityConfig"],
  ],
  status: [
    ...["phase", "reason", "message", "podIP", "podIPs", "hostIP", "conditions"],
    ...["initContainerStatuses", "containerStatuses", "addresses", "nodeInfo", "loadBalancer"],
  ],
};
const WHOLE = ["apiVersion", "kind", "addressType", "endpoints", "ports"];
/** kubectl's copy of a whole object among them may hold anything. */
const STATIC_POD_ANNOTATION = /^kubernetes\.io\/config\./;

interface TrimOptions {
  /** Nothing but the object's name and what stands at these paths. */
  readonly keep?: readonly (readonly string[])[] | undefined;
  /** Domains of annotations in which CNIs say how they work. Others may be long, or hold anything. */
  readonly annotations?: readonly string[];
}

/** An object without what nobody asks for. */
export function trimKubeObject(
  value: unknown,
  { keep, annotations: domains = [] }: TrimOptions = {},
): JsonRecord {
  const object = asRecord(value);
  if (keep !== undefined)
    return keepPaths(object, [["metadata", "name"], ["metadata", "namespace"], ...keep]);
  const kept: Record<string, unknown> = pick(object, WHOLE);
  for (const [part, names] of Object.entries(PARTS)) {
    if (Object.hasOwn(object, part)) kept[part] = pick(asRecord(object[part]), names);
  }
  const metadata = asRecord(kept["metadata"]);
  const annotations = Object.entries(asRecord(metadata["annotations"]));
  kept["metadata"] = {
    ...metadata,
    annotations: Object.fromEntries(
      annotations.filter(
        ([key]) => STATIC_POD_ANNOTATION.test(key) || domains.some((domain) => key.startsWith(`${domain}/`)),
      ),
    ),
  };
  return kept;
}

/** A path goes on within each entry of a list. */
function keepWithin(value: unknown, paths: readonly (readonly string[])[]): unknown {
  return Array.isArray(value)
    ? value.map((entry) => keepPaths(asRecord(entry), paths))
    : keepPaths(asRecord(value), paths);
}

function keepPaths(object: JsonRecord, paths: readonly (readonly string[])[]): JsonRecord {
  const groups = new Map<string, string[][]>();
  for (const [key, ...rest] of paths) {
    if (key !== undefined && Object.hasOwn(object, key)) groups.set(key, [...(groups.get(key) ?? []), rest]);
  }
  const kept = [...groups].map(([key, inner]): [string, unknown] => [
    key,
    inner.some((path) => path.length === 0) ? object[key] : keepWithin(object[key], inner),
  ]);
  return Object.fromEntries(kept);
}

function pick(object: JsonRecord, names: readonly string[]): Record<string, unknown> {
  const own = names.filter((name) => Object.hasOwn(object, name));
  return Object.fromEntries(own.map((name) => [name, object[name]]));
}
