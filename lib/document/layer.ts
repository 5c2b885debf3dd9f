import type { PlacedProblem } from "./explain.js";
import type { DocumentPath, SourceDocument } from "./source.js";

/** A piece of a file: where a value was written. */
export interface Place {
  readonly document: SourceDocument;
  readonly path: DocumentPath;
}

/** One value on its way through a merge; it is opened only where another one is laid over it. */
export type LayerNode = Piece | MapNode | ItemsNode;

/** A value as one file has it, or nothing but a part of one. */
export interface Piece {
  readonly type: "piece";
  readonly at: Place;
  readonly data: unknown;
  /** Of the bottom file: null is a value there, and nothing is a directive. */
  readonly literal: boolean;
  /** Takes the place of what is below, rather than to be merged with it. */
  readonly over: boolean;
}

export interface MapNode {
  readonly type: "map";
  /** Who last had a say in it. */
  readonly at: Place;
  readonly entries: ReadonlyMap<string, LayerNode>;
  readonly over: boolean;
}

/** A list that is merged by `id`: what is done to it, in order. */
export interface ItemsNode {
  readonly type: "items";
  readonly at: Place;
  readonly changes: readonly ItemChange[];
  readonly over: boolean;
}

export interface ItemChange {
  readonly at: Place;
  /** undefined: an item of the bottom file without one, which its schema will refuse. */
  readonly id: string | undefined;
  /** What becomes of the item of that id; `append` adds it, whatever stands there already. */
  readonly action: "append" | "merge" | "delete";
  readonly node: LayerNode;
  readonly beside: { readonly side: "before" | "after"; readonly id: string } | undefined;
}

/** Keys that say how to merge, and are no data. */
const DIRECTIVES = ["$patch", "$before", "$after"] as const;

/** The lists of a runbook whose items have ids; every other list is one value. */
const ID_LISTS: ReadonlySet<string> = new Set(["steps", "checks", "finally"]);

/** Whether a list at this path (from the top of the runbook) is merged by id. */
export function isIdList(path: DocumentPath): boolean {
  return path.length === 1 && ID_LISTS.has(String(path[0]));
}

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * One level of a node: a mapping or a list by id as such, anything else as it is. `path` is where it stands in the
 * runbook.
 */
export function openNode(node: LayerNode, path: DocumentPath): LayerNode {
  if (node.type !== "piece") return node;
  const { at, data, literal, over } = node;
  if (isMapping(data)) {
    const keys = Object.keys(data).filter((key) => literal || !isDirective(key));
    const entries = new Map(keys.map((key) => [key, childOf(node, key, data[key])]));
    return { type: "map", at, entries, over: over || (!literal && data["$patch"] === "replace") };
  }
  if (Array.isArray(data) && isIdList(path)) {
    const changes = data.map((item: unknown, index) => readChange(item, childOf(node, index, item)));
    return { type: "items", at, changes, over };
  }
  return node;
}

function isDirective(key: string): boolean {
  return (DIRECTIVES as readonly string[]).includes(key);
}

function childOf({ at, literal }: Piece, key: string | number, data: unknown): Piece {
  return {
    type: "piece",
    at: { document: at.document, path: [...at.path, key] },
    data,
    literal,
    over: false,
  };
}

function readChange(item: unknown, node: Piece): ItemChange {
  const id = isMapping(item) && typeof item["id"] === "string" ? item["id"] : undefined;
  if (node.literal || !isMapping(item) || id === undefined) {
    return { at: node.at, id, action: "append", node, beside: undefined };
  }
  const { $before: before, $after: after } = item;
  const beside =
    typeof before === "string"
      ? ({ side: "before", id: before } as const)
      : typeof after === "string"
        ? ({ side: "after", id: after } as const)
        : undefined;
  return { at: node.at, id, action: item["$patch"] === "delete" ? "delete" : "merge", node, beside };
}

/** A problem of the value at a place, with the file and line it was written in. */
export function problemAt(
  { document, path }: Place,
  said: { readonly message: string; readonly suggestion?: string },
): PlacedProblem {
  return { ...document.origin(path), ...said };
}
