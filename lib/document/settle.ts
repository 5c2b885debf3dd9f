import type { PlacedProblem } from "./explain.js";
import { openNode, problemAt, type ItemChange, type ItemsNode, type LayerNode, type Place } from "./layer.js";
import { isDeletion, isPlain, mergeLayers } from "./merge.js";
import { nearest } from "./nearest.js";
import type { DocumentPath } from "./source.js";

/** A merged value, and who wrote it; `children` only where they are of more than one place. */
export interface Settled {
  readonly data: unknown;
  readonly at: Place;
  readonly children?: ReadonlyMap<string | number, Settled>;
}

/** More steps than this are refused by the schema anyway; before it has looked the work must stay bounded. */
const MAX_ITEMS = 1000;

/** The data that a merge comes to. What a list by id cannot be told is added to `problems`. */
export function settle(node: LayerNode, path: DocumentPath, problems: PlacedProblem[]): Settled {
  const { at } = node;
  if (node.type === "piece" && isPlain(node, path)) return { data: node.data, at };
  const opened = openNode(node, path);
  const children = new Map<string | number, Settled>();
  if (opened.type === "items") {
    const items = applyChanges(opened, path, problems);
    for (const [index, item] of items.entries()) {
      children.set(index, settle(item, [...path, index], problems));
    }
    return { data: [...children.values()].map(({ data }) => data), at, children };
  }
  if (opened.type === "map") {
    for (const [key, child] of opened.entries) {
      if (!isDeletion(child)) children.set(key, settle(child, [...path, key], problems));
    }
  }
  return { data: Object.fromEntries([...children].map(([key, { data }]) => [key, data])), at, children };
}

interface Item {
  readonly id: string | undefined;
  node: LayerNode;
}

function applyChanges(node: ItemsNode, path: DocumentPath, problems: PlacedProblem[]): LayerNode[] {
  const items: Item[] = [];
  /** What was deleted once may be deleted again: a patch that is laid on twice says nothing new. */
  const deleted = new Set<string>();
  const name = path.at(-1) === "checks" ? "check" : "step";
  for (const change of node.changes) {
    if (items.length >= MAX_ITEMS) {
      problems.push(problemAt(node.at, { message: `the list has more than ${MAX_ITEMS} items` }));
      break;
    }
    const index = items.findIndex(({ id }) => id !== undefined && id === change.id);
    const complain = (id: string, what: string): void => {
      const near = nearest(
        id,
        items.flatMap((item) => item.id ?? []),
      );
      const message = `there is no ${name} ${JSON.stringify(id)} to ${what}`;
      const suggestion = near === undefined ? {} : { suggestion: `did you mean ${JSON.stringify(near)}?` };
      const key = what === "delete" ? "id" : `$${change.beside?.side ?? ""}`;
      problems.push(problemAt({ ...change.at, path: [...change.at.path, key] }, { message, ...suggestion }));
    };
    if (change.action === "delete") {
      if (index >= 0) items.splice(index, 1);
      else if (!deleted.has(change.id ?? "")) complain(change.id ?? "", "delete");
      deleted.add(change.id ?? "");
      continue;
    }
    const old = change.action === "append" ? undefined : items[index];
    const item: Item = old ?? { id: change.id, node: change.node };
    if (old !== undefined) old.node = mergeLayers(old.node, withoutId(change, path), [...path, index]);
    if (change.beside === undefined) {
      if (old === undefined) items.push(item);
      continue;
    }
    const { side, id: anchor } = change.beside;
    if (old !== undefined) items.splice(index, 1);
    const found = items.findIndex(({ id }) => id === anchor);
    if (found < 0) complain(anchor, `stand ${side}`);
    items.splice(found < 0 ? items.length : found + (side === "after" ? 1 : 0), 0, item);
  }
  return items.map((item) => item.node);
}

/** The id only says which item is meant: it stays the lower one's, unless that is replaced as a whole. */
function withoutId(change: ItemChange, path: DocumentPath): LayerNode {
  const node = openNode(change.node, [...path, 0]);
  if (node.type !== "map" || node.over) return node;
  const entries = new Map(node.entries);
  entries.delete("id");
  return { ...node, entries };
}
