import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { askCniObjects, type AskCniOptions } from "../cluster/index.js";
import { assertValid, readDocument } from "../document/index.js";
import type { CniEvidence, CniObject, CniReading } from "../model/cni/api.js";
import type { HopRecipe } from "./recipe.js";

/** Below a folder of recipes: a file for each CNI, by its name. */
export const EVIDENCE_DIR = "evidence";

/**
 * What CNIs leave in the API, by name: those that are named, or all; of two with one name the later folder's is taken.
 * Throws FILE_UNREADABLE or DOCUMENT_INVALID.
 */
async function loadCniEvidence(
  folders: readonly string[],
  names?: readonly string[],
): Promise<readonly CniEvidence[]> {
  const files = new Map<string, string>();
  for (const folder of folders.map((each) => join(each, EVIDENCE_DIR))) {
    for (const file of await readdir(folder).catch(() => [])) {
      const name = /^([0-9a-z-]+)\.yaml$/.exec(file)?.[1];
      if (name !== undefined && names?.includes(name) !== false) files.set(name, join(folder, file));
    }
  }
  const sorted = [...files.values()].sort();
  return Promise.all(
    sorted.map(async (file) => assertValid<CniEvidence>(await readDocument(file), "cni-evidence")),
  );
}

/** What the API says of the recipe that the nodes show, and where it says something else. */
export async function askOfRecipe(
  recipe: HopRecipe,
  folders: readonly string[],
  options: AskCniOptions,
): Promise<CniReading> {
  const { cni } = recipe.detect.api ?? {};
  const wanted = cni === undefined ? [] : await loadCniEvidence(folders, [cni]);
  const { objects, skipped } = await askCniObjects(wanted, options);
  return {
    ...{ recipe: recipe.metadata.name, objects, skipped },
    conflicts: contradict(recipe, objects).map(
      (said) => `${said}; the nodes show ${recipe.metadata.name}, and are believed`,
    ),
  };
}

/** What the API says where the nodes leave it open. */
export async function askOfAll(folders: readonly string[], options: AskCniOptions): Promise<CniReading> {
  const wanted = await loadCniEvidence(folders);
  // Some fifty requests, and without an answer nothing goes on.
  const found = await askCniObjects(wanted, { timeoutMs: ALL_TIMEOUT_MS, ...options });
  return { recipe: null, ...found, conflicts: [] };
}

/** Recipes that fit what the API says, for where what the nodes show fits several alike. */
export function recipesByApi({ objects }: CniReading, recipes: readonly HopRecipe[]): readonly string[] {
  const there = new Set(objects.map(({ cni }) => cni));
  return recipes
    .filter((recipe) => there.has(recipe.detect.api?.cni ?? "") && contradict(recipe, objects).length === 0)
    .map(({ metadata }) => metadata.name);
}

/** "the API says backend host-gw (configmaps kube-flannel/kube-flannel-cfg)", one for each fact that fits no value. */
function contradict({ detect }: HopRecipe, objects: readonly CniObject[]): string[] {
  const { cni, facts = {} } = detect.api ?? {};
  return Object.entries(facts).flatMap(([fact, values]) => {
    const wanted = values.map((value) => value.toLowerCase());
    const saying = objects.filter((each) => each.cni === cni && Object.hasOwn(each.facts, fact));
    // Of several of a kind, as IP pools, one is enough; a ConfigMap is not made right by what nodes have annotated.
    return [...new Set(saying.map(kindOf))].flatMap((kind) => {
      const alike = saying.filter((each) => kindOf(each) === kind);
      if (alike.some((each) => wanted.includes((each.facts[fact] ?? "").toLowerCase()))) return [];
      return [`the API says ${[...new Set(alike.map((each) => sayFact(each, fact)))].join(", ")}`];
    });
  });
}

function kindOf({ object }: CniObject): string {
  return object.split(" ", 1)[0] ?? "";
}

function sayFact({ object, facts }: CniObject, fact: string): string {
  return `${fact} ${facts[fact] ?? ""} (${object})`;
}

const MAX_SAID = 12;
const ALL_TIMEOUT_MS = 5000;

/** For people: what is there, then what could not be read. */
export function describeReading({ objects, skipped }: CniReading): string[] {
  const said = objects.map(({ cni, object, facts }) => {
    const details = Object.entries(facts).map(([fact, value]) => `${fact} ${value}`);
    return `${cni}: ${object}${details.length === 0 ? "" : ` (${details.join(", ")})`}`;
  });
  const more = said.length > MAX_SAID ? [`… and ${said.length - MAX_SAID} more`] : [];
  return [...said.slice(0, MAX_SAID), ...more, ...describeSkipped(skipped)];
}

/** "not read: get configmaps -n kube-system calico-config (KUBE_FORBIDDEN)"; none where all could be. */
export function describeSkipped(skipped: CniReading["skipped"]): string[] {
  if (skipped.length === 0) return [];
  const shown = skipped.slice(0, MAX_SAID).map(({ asked, code }) => `${asked} (${code})`);
  const more = skipped.length > MAX_SAID ? [`${skipped.length - MAX_SAID} more`] : [];
  return [`not read: ${[...shown, ...more].join(", ")}`];
}
