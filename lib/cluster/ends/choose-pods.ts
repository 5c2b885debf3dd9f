import { createHash } from "node:crypto";

/** How few of many pods are taken. */
export interface PodChoice {
  /** At most one on each node. */
  readonly onePerNode?: boolean | undefined;
  /** Of a hundred, rounded up; of those that are left by `onePerNode`. */
  readonly percent?: number | undefined;
  readonly max?: number | undefined;
  /** Shuffles them, the same way every time; absent: the first by name are taken. */
  readonly seed?: string | undefined;
}

interface Candidate {
  readonly namespace: string;
  readonly name: string;
  readonly node: string | null;
}

/**
 * Some of many pods, in the order of their names. A pod's rank hangs on its own name and the seed alone, so that pods that
 * come or go beside it change nothing of whether it is taken (rendezvous hashing).
 */
export function choosePods<P extends Candidate>(pods: readonly P[], choice: PodChoice): readonly P[] {
  const { onePerNode = false, percent = 100, max = Infinity, seed } = choice;
  const named = pods.map((pod) => ({ pod, key: `${pod.namespace}/${pod.name}` }));
  const ranked = named
    .map((one) => ({ ...one, rank: seed === undefined ? one.key : hash(seed, one.key) }))
    .sort((a, b) => compare(a.rank, b.rank));
  const nodes = new Set<string>();
  const spread = ranked.filter(({ pod: { node }, key }) => {
    // A node that is not known may be any.
    const place = node ?? key;
    if (onePerNode && nodes.has(place)) return false;
    nodes.add(place);
    return true;
  });
  const count = Math.min(max, Math.ceil((spread.length * percent) / 100));
  return spread
    .slice(0, count)
    .sort((a, b) => compare(a.key, b.key))
    .map(({ pod }) => pod);
}

function hash(seed: string, key: string): string {
  return createHash("sha256").update(`${seed}\0${key}`).digest("hex");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
