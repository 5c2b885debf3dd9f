import type { NamedEnds } from "../cluster/index.js";
import type { ClusterProfile } from "../model/cluster.js";

/**
 * The nodes that a run will ask, as far as its inputs say; null: perhaps any. A run that names nodes and no end of
 * traffic looks for no pod, so that the other nodes, of which a profile may list hundreds, are not knocked at.
 */
export function foreseeNodes(
  inputs: Readonly<Record<string, unknown>>,
  { ends, profile }: { readonly ends?: NamedEnds | undefined; readonly profile: ClusterProfile },
): ReadonlySet<string> | null {
  if (ends === undefined || ends.paths.length > 0 || ends.others.length > 0) return null;
  const words = new Set(Object.values(inputs).flatMap(textsOf));
  const named = profile.nodes.map(({ name }) => name).filter((name) => words.has(name));
  return named.length === 0 ? null : new Set(named);
}

function textsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}
