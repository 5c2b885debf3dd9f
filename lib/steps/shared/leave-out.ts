import type { HopbookError } from "../../errors.js";
import { targetOf, type FlowPath, type Hop, type Unentered } from "../../model/hops.js";

/**
 * Paths without the hops of places where nothing can be captured, which stand in `unentered`. Throws the first reason where
 * nothing is left of a path.
 */
export function leaveOut(
  paths: readonly FlowPath[],
  errors: ReadonlyMap<string, HopbookError>,
): readonly FlowPath[] {
  const [first] = errors.values();
  if (first === undefined) return paths;
  return paths.map((path) => {
    const hops = keep(path.hops, errors);
    if (hops.length === path.hops.length) return path;
    if (hops.length === 0) throw first;
    const replyHops = path.replyHops === null ? null : keep(path.replyHops, errors);
    return { ...path, hops, replyHops, unentered: [...(path.unentered ?? []), ...nameLeft(path, errors)] };
  });
}

function keep(hops: readonly Hop[], errors: ReadonlyMap<string, HopbookError>): Hop[] {
  const kept = hops.filter((hop) => !errors.has(targetOf(hop)));
  return kept.map((hop, index) => ({ ...hop, index }));
}

function nameLeft(path: FlowPath, errors: ReadonlyMap<string, HopbookError>): Unentered[] {
  return (["from", "to"] as const).flatMap((end): Unentered[] => {
    const { node, pod, target } = path[end];
    const error = errors.get(target ?? node ?? "");
    if (node === null || error === undefined) return [];
    const address = path.underlay[node]?.ip ?? null;
    const why = error.message.replace(/^Cannot .*?: /, "");
    return [{ end, node, pod: target === undefined ? null : pod, address, why, isEntered: true }];
  });
}
