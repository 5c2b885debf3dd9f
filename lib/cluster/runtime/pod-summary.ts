import type { Pod } from "../../model/cluster.js";

/** What told of a pod on its node: crictl, or what is asked where a node has none. */
export type PodSource = "crictl" | "ctr" | "docker" | "podman" | "proc";

/** A pod as its node lists it: what is known without an inspection. */
export interface PodSummary {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly node: string;
  readonly sandboxId: string;
  readonly attempt: number;
  /** Unix nanoseconds as text; "0" where the runtime does not say. */
  readonly createdAtNs: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Absent: crictl. */
  readonly source?: PodSource;
}

/** A pod of a source that lists and inspects in one. */
export interface SeenPod {
  readonly summary: PodSummary;
  readonly pod: Pod;
}

/** RFC 1123 subdomain, as the API server lets through: anything else is not a pod of Kubernetes. */
export function isKubernetesName(name: string): boolean {
  return /^[0-9a-z]([0-9a-z.-]{0,251}[0-9a-z])?$/.test(name);
}

/** One summary a pod: of several sandboxes of one pod the newest. */
export function keepNewest<Item>(items: readonly Item[], summaryOf: (item: Item) => PodSummary): Item[] {
  const newest = new Map<string, Item>();
  for (const item of items) {
    const summary = summaryOf(item);
    const key = `${summary.namespace}/${summary.name}/${summary.uid}`;
    const known = newest.get(key);
    if (known === undefined || isNewer(summary, summaryOf(known))) newest.set(key, item);
  }
  return [...newest.values()];
}

function isNewer(a: PodSummary, b: PodSummary): boolean {
  if (a.attempt !== b.attempt) return a.attempt > b.attempt;
  return BigInt(a.createdAtNs) > BigInt(b.createdAtNs);
}
