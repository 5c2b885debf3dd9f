import { explainProblems, type PlacedProblem } from "./explain.js";
import { isMapping, problemAt, type Place } from "./layer.js";
import { baseLayer, mergeLayers, patchLayer } from "./merge.js";
import { findPatchProblems } from "./patch-problems.js";
import { countValues, MAX_VALUES, renderYaml } from "./render.js";
import { settle, type Settled } from "./settle.js";
import { MAX_DOCUMENT_BYTES, type DocumentPath, type SourceDocument } from "./source.js";

/** Keys that speak of the file they stand in, and not of the runbook. */
const FILE_KEYS = ["extends", "$schema"];

/**
 * What a stack of documents comes to: the first one is whole, the others are laid over it in order. The result is
 * called by `file`; `locate` and `origin` lead to whoever wrote a value, and `text` is the whole of it as YAML with
 * the sources named on top. Throws DOCUMENT_INVALID with everything that a patch says wrongly.
 */
export function mergeDocuments(
  [base, ...patches]: readonly [Place, ...Place[]],
  { file, header }: { readonly file: string; readonly header: readonly string[] },
): SourceDocument {
  const top = patches.at(-1) ?? base;
  const problems: PlacedProblem[] = [...findSizeProblem([base, ...patches])];
  const read = (place: Place): unknown => withoutFileKeys(valueAt(place));
  for (const patch of patches) problems.push(...findPatchProblems(patch, read(patch)));
  if (problems.length > 0) throw explainProblems(top.document, problems);
  let layer = baseLayer(base, read(base));
  for (const patch of patches) layer = mergeLayers(layer, patchLayer(patch, read(patch)));
  const root = settle(layer, [], problems);
  if (problems.length === 0 && countValues(root.data) > MAX_VALUES) {
    problems.push(problemAt(top, { message: `it comes to more than ${MAX_VALUES} values` }));
  }
  if (problems.length > 0) throw explainProblems(top.document, problems);
  let text: string | undefined;
  return {
    file,
    get text() {
      text ??= renderYaml(root.data, { header });
      return text;
    },
    data: root.data,
    locate: (path, at) => {
      const place = findPlace(root, path);
      return place.document.locate(place.path, place.isWhole ? at : "value");
    },
    origin: (path, at) => {
      const place = findPlace(root, path);
      return place.document.origin(place.path, place.isWhole ? at : "value");
    },
    span: (path, options) => {
      const place = findPlace(root, path);
      const how = place.isWhole ? options : {};
      return place.document.span?.(place.path, how) ?? place.document.locate(place.path, how?.at);
    },
  };
}

/** The data at a place; undefined where its path leads nowhere. */
export function valueAt({ document, path }: Place): unknown {
  let value = document.data;
  for (const segment of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, segment)) return undefined;
    value = (value as Record<string | number, unknown>)[segment];
  }
  return value;
}

/** Who wrote the value at a path; where the path ends early (`isWhole` is false), the deepest part that is there. */
function findPlace(root: Settled, path: DocumentPath): Place & { readonly isWhole: boolean } {
  let node = root;
  for (const [depth, segment] of path.entries()) {
    const { document, path: start } = node.at;
    // Without children all that is in it is of one place.
    if (node.children === undefined) {
      return { document, path: [...start, ...path.slice(depth)], isWhole: true };
    }
    const child = node.children.get(segment);
    if (child === undefined) return { document, path: start, isWhole: false };
    node = child;
  }
  return { ...node.at, isWhole: true };
}

function withoutFileKeys(data: unknown): unknown {
  if (!isMapping(data)) return data;
  return Object.fromEntries(Object.entries(data).filter(([key]) => !FILE_KEYS.includes(key)));
}

function findSizeProblem(places: readonly Place[]): PlacedProblem[] {
  const documents = new Set(places.map(({ document }) => document));
  let sizeBytes = 0;
  for (const { text } of documents) sizeBytes += Buffer.byteLength(text);
  const last = places.at(-1);
  if (sizeBytes <= MAX_DOCUMENT_BYTES || last === undefined) return [];
  const message = `with what is below it, it has ${sizeBytes} bytes, more than ${MAX_DOCUMENT_BYTES}`;
  return [problemAt(last, { message })];
}
