import { setTimeout as sleep } from "node:timers/promises";
import { asHopbookError } from "../errors.js";
import { expiryOf, isOurs, type LeasedObject } from "../kube/index.js";
import {
  MANAGED_BY,
  MANAGED_BY_LABEL,
  OWNER_ANNOTATION,
  OWNER_LABEL,
  RUN_LABEL,
  type KubeReader,
  type KubeRequest,
} from "../model/kube.js";

/** Something of ours in the cluster's API. */
export interface ClusterLeftover {
  /** As people say it: pod, job. */
  readonly kind: string;
  readonly request: Pick<KubeRequest, "group" | "version" | "resource">;
  /** "" for a namespace. */
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly runId: string;
  readonly ownerHash: string | null;
  /** `user@host`; null where nothing says. */
  readonly owner: string | null;
  /** Milliseconds since 1970, by the API server's clock; null where nothing says. */
  readonly expiresAt: number | null;
  /** It has ended by itself and only its object is still there. */
  readonly ended: boolean;
}

interface ClusterLeftovers {
  readonly found: readonly ClusterLeftover[];
  /** What may not be listed: `jobs in shop: forbidden`. */
  readonly unlisted: readonly string[];
}

interface Kind {
  readonly kind: string;
  readonly group: string;
  readonly resource: string;
}

/** Whoever makes another kind of object in a cluster adds it here. */
const KINDS: readonly Kind[] = [
  { kind: "pod", group: "", resource: "pods" },
  { kind: "job", group: "batch", resource: "jobs" },
];

interface KubeObject extends LeasedObject {
  readonly metadata?: LeasedObject["metadata"] & {
    readonly name?: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly deletionTimestamp?: string;
    readonly ownerReferences?: readonly { readonly uid?: string }[];
  };
  readonly spec?: { readonly activeDeadlineSeconds?: number };
  readonly status?: { readonly phase?: string; readonly startTime?: string };
}

/**
 * Everything in the cluster that carries hopbook's label: in all namespaces where that may be listed, else in those
 * that are named. Rejects where the API does not answer at all.
 */
export async function listClusterLeftovers(
  api: KubeReader,
  { namespaces, signal }: { readonly namespaces: readonly string[]; readonly signal: AbortSignal },
): Promise<ClusterLeftovers> {
  const unlisted: string[] = [];
  const perKind = await Promise.all(
    KINDS.map(async (kind) => {
      const query = { labelSelector: `${MANAGED_BY_LABEL}=${MANAGED_BY}` };
      const wanted = { group: kind.group, version: "v1", resource: kind.resource, query, signal };
      const tryList = async (namespace?: string): Promise<readonly KubeObject[] | null> => {
        try {
          return await api.list<KubeObject>({ ...wanted, ...(namespace === undefined ? {} : { namespace }) });
        } catch (error) {
          const known = asHopbookError(error);
          if (!/^(KUBE_FORBIDDEN|KUBE_NOT_FOUND|PERMISSION_DENIED)$/.test(known.code)) throw error;
          if (namespace !== undefined) unlisted.push(`${kind.resource} in ${namespace}: ${known.message}`);
          return null;
        }
      };
      const all = await tryList();
      if (all !== null) return { kind, objects: all };
      unlisted.push(`${kind.resource} in all namespaces but ${namespaces.join(", ")}`);
      const each = await Promise.all(namespaces.map(tryList));
      return { kind, objects: each.flatMap((objects) => objects ?? []) };
    }),
  );
  const ours = new Set(perKind.flatMap(({ objects }) => objects.map((object) => object.metadata?.uid ?? "")));
  const found = perKind.flatMap(({ kind, objects }) =>
    // What belongs to something that is listed itself goes with it.
    objects
      .filter((object) => isOurs(object) && !isPartOf(object, ours))
      .map((object) => describe(object, kind)),
  );
  return { found, unlisted: unlisted.sort() };
}

function isPartOf({ metadata }: KubeObject, listed: ReadonlySet<string>): boolean {
  return (metadata?.ownerReferences ?? []).some(({ uid }) => uid !== undefined && listed.has(uid));
}

function describe(object: KubeObject, { kind, group, resource }: Kind): ClusterLeftover {
  const { name = "", namespace = "", uid = "", labels = {}, annotations = {} } = object.metadata ?? {};
  return {
    ...{ kind, request: { group, version: "v1", resource }, namespace, name, uid },
    runId: labels[RUN_LABEL] ?? "",
    ownerHash: labels[OWNER_LABEL] ?? null,
    owner: annotations[OWNER_ANNOTATION] ?? null,
    expiresAt: (kind === "job" ? deadlineOf(object) : null) ?? expiryOf(object),
    ended: kind === "pod" && /^(Succeeded|Failed)$/.test(object.status?.phase ?? ""),
  };
}

/** When Kubernetes itself ends a Job, by its own clock. What is written on it may go by a client's that is wrong. */
function deadlineOf({ spec, status }: KubeObject): number | null {
  const endsAt = Date.parse(status?.startTime ?? "") + (spec?.activeDeadlineSeconds ?? NaN) * 1000;
  return Number.isNaN(endsAt) ? null : endsAt;
}

const GONE_WITHIN_MS = 15_000;
const POLL_MS = 250;

/**
 * Deletes one of them, that very one and not what has its name by now, and waits until it is gone. null, or why not.
 */
export async function removeClusterLeftover(
  api: KubeReader,
  found: ClusterLeftover,
  signal: AbortSignal,
): Promise<string | null> {
  const place = {
    ...found.request,
    name: found.name,
    ...(found.namespace === "" ? {} : { namespace: found.namespace }),
    signal,
  };
  const body = {
    ...{ apiVersion: "v1", kind: "DeleteOptions", propagationPolicy: "Background" },
    preconditions: { uid: found.uid },
    // What it runs has nothing to bring to an end.
    ...(found.kind === "pod" ? { gracePeriodSeconds: 1 } : {}),
  };
  try {
    await api.request({ ...place, verb: "delete", body });
    for (const deadline = Date.now() + GONE_WITHIN_MS; Date.now() < deadline; await sleep(POLL_MS)) {
      const now = await api.request<KubeObject>({ ...place, verb: "get" });
      if (now.metadata?.uid !== found.uid) return null;
    }
    return "it is being deleted, and was not gone after 15 s: is its node there?";
  } catch (error) {
    const known = asHopbookError(error);
    return known.code === "KUBE_NOT_FOUND" ? null : known.message;
  }
}
