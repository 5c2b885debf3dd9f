import type { PlacedProblem } from "./explain.js";
import { isMapping, problemAt, type Place } from "./layer.js";
import type { DocumentPath } from "./source.js";

/** What a patch says about merging that makes no sense, before it is laid on anything. */
export function findPatchProblems(at: Place, data: unknown): PlacedProblem[] {
  const problems: PlacedProblem[] = [];
  if (!isMapping(data)) return [problemAt(at, { message: "a patch must be a mapping" })];
  const seen = new Set<object>();
  const visit = (value: unknown, path: DocumentPath, isItem: boolean): void => {
    // A mapping that aliases repeat is read once.
    if (!isMapping(value) || seen.has(value)) return;
    seen.add(value);
    for (const [key, inner] of Object.entries(value)) {
      const message = findDirectiveFault({ key, value: inner, isItem });
      const place = { document: at.document, path: [...at.path, ...path, key] };
      if (message !== undefined) problems.push(problemAt(place, { message }));
      visit(inner, [...path, key], false);
    }
  };
  visit(data, [], false);
  for (const key of ["steps", "checks", "finally"]) {
    const list = data[key];
    if (!Array.isArray(list)) continue;
    for (const [index, item] of list.entries()) visit(item, [key, index], true);
    problems.push(
      ...findItemFaults(list).map(({ path, ...said }) =>
        problemAt({ document: at.document, path: [...at.path, key, ...path] }, said),
      ),
    );
  }
  return problems;
}

function findDirectiveFault(given: { key: string; value: unknown; isItem: boolean }): string | undefined {
  const { key, value, isItem } = given;
  if (!key.startsWith("$") || key === "$schema") return undefined;
  const words = isItem ? ["replace", "delete"] : ["replace"];
  if (key === "$patch") {
    if (words.includes(String(value))) return undefined;
    return `"$patch" must be ${words.join(" or ")} here, is ${JSON.stringify(value)}${isItem ? "" : "; null deletes a key"}`;
  }
  if (key !== "$before" && key !== "$after") return `${JSON.stringify(key)} says nothing about merging`;
  if (!isItem) return `${JSON.stringify(key)} is for the items of steps, checks and finally`;
  return typeof value === "string" ? undefined : `${JSON.stringify(key)} must be an id`;
}

interface ItemFault {
  readonly path: DocumentPath;
  readonly message: string;
}

function findItemFaults(list: readonly unknown[]): ItemFault[] {
  const faults: ItemFault[] = [];
  const ids = list.map((item) => (isMapping(item) ? item["id"] : undefined));
  const positions = new Map(ids.map((id, index) => [id, index]));
  for (const [index, item] of list.entries()) {
    const id = ids[index];
    if (!isMapping(item) || typeof id !== "string") {
      faults.push({ path: [index], message: "an item of a patch needs the id of what it changes or adds" });
      continue;
    }
    if (positions.get(id) !== index) {
      faults.push({
        path: [index, "id"],
        message: `the id ${JSON.stringify(id)} stands twice in this patch`,
      });
    }
    if (item["$patch"] === "delete" && Object.keys(item).length > 2) {
      faults.push({ path: [index, "$patch"], message: "what is deleted has nothing else beside its id" });
    }
    if (item["$before"] !== undefined && item["$after"] !== undefined) {
      faults.push({ path: [index, "$after"], message: '"$before" and "$after" exclude each other' });
    }
    for (const key of ["$before", "$after"]) {
      const anchor = positions.get(item[key]);
      const other = anchor === undefined ? undefined : list[anchor];
      if (anchor === undefined || anchor < index || !isMapping(other)) continue;
      if (anchor === index) faults.push({ path: [index, key], message: "it cannot stand beside itself" });
      else if (other["$patch"] === "delete" || "$before" in other || "$after" in other) {
        const what = `${JSON.stringify(item[key])} is moved or deleted further down in this patch`;
        faults.push({ path: [index, key], message: `${what}: put that first` });
      }
    }
  }
  return faults;
}
