import {
  isIdList,
  isMapping,
  openNode,
  type LayerNode,
  type MapNode,
  type Piece,
  type Place,
} from "./layer.js";
import type { DocumentPath } from "./source.js";

/** The bottom of a merge: a document that stands by itself. */
export function baseLayer(at: Place, data: unknown): LayerNode {
  return { type: "piece", at, data, literal: true, over: false };
}

/** What is laid over something: null deletes there, and `$patch`, `$before`, `$after` say how. */
export function patchLayer(at: Place, data: unknown): LayerNode {
  return { type: "piece", at, data, literal: false, over: false };
}

/**
 * Lays one layer over another: mappings key by key, lists by id item by item, anything else takes the place of what
 * was there. What comes out is a layer again, and the operation is associative: a stack of layers may be merged in
 * any grouping. An empty mapping on either side changes nothing.
 */
export function mergeLayers(lower: LayerNode, upper: LayerNode, path: DocumentPath = []): LayerNode {
  const top = openNode(upper, path);
  const below = openNode(lower, path);
  if (top.type === "map" && below.type === "map") return top.over ? top : mergeMaps(below, top, path);
  if (top.type === "items" && below.type === "items") {
    if (top.over) return top;
    return { ...top, changes: [...below.changes, ...top.changes], over: below.over };
  }
  return { ...top, over: true };
}

function mergeMaps(below: MapNode, top: MapNode, path: DocumentPath): LayerNode {
  if (top.entries.size === 0) return below;
  const entries = new Map(below.entries);
  for (const [key, node] of top.entries) {
    const old = entries.get(key);
    entries.set(key, old === undefined ? node : mergeLayers(old, node, [...path, key]));
  }
  return { type: "map", at: top.at, entries, over: below.over };
}

/** Whether a node of a patch says that the key it stands at is to go. */
export function isDeletion(node: LayerNode): boolean {
  return node.type === "piece" && !node.literal && node.data === null;
}

/** Whether a value can be taken as it is: it is of the bottom file, or has nothing in it that says how to merge. */
export function isPlain({ data, literal }: Piece, path: DocumentPath): boolean {
  if (literal) return true;
  if (isMapping(data)) return path.length > 0 && !hasDirectives(data, new Map());
  return !(Array.isArray(data) && isIdList(path));
}

/** Aliases make the same mapping stand in many places: each is looked at once. */
function hasDirectives(map: Readonly<Record<string, unknown>>, known: Map<object, boolean>): boolean {
  const seen = known.get(map);
  if (seen !== undefined) return seen;
  const found = Object.entries(map).some(
    ([key, value]) =>
      value === null || key.startsWith("$") || (isMapping(value) && hasDirectives(value, known)),
  );
  known.set(map, found);
  return found;
}
