import type { Problem } from "../document/index.js";

type Path = Problem["path"];
type Data = Readonly<Record<string, unknown>>;

/** What is left of a file that does not fit its schema, so that everything else can be checked all the same. */
interface Salvage {
  readonly data: Data;
  /** Inputs and steps (by section and index) of which too little is known to say what they give. */
  readonly inputs: ReadonlySet<string>;
  readonly steps: ReadonlySet<string>;
}

/** Keys without which nothing can be said of a step. */
const STEP_ESSENTIALS = new Set(["id", "uses", "with", "run", "on", "script", "wait", "cancel", "strategy"]);

/**
 * The data without what the schema has faults with. undefined where the fault is at the root: with a section that is
 * misspelt everything that refers to it would be told as well, and is no mistake.
 */
export function salvageData(data: unknown, problems: readonly Problem[]): Salvage | undefined {
  if (problems.some(({ path }) => path.length < 2)) return undefined;
  const inputs = new Set<string>();
  const steps = new Set<string>();
  const copy = structuredClone(data) as Record<string, unknown>;
  const drop: Path[] = [];
  for (const { path } of problems) {
    const [section, key, inner] = path;
    if (section === "inputs") {
      inputs.add(String(key));
    } else if (section === "steps" || section === "finally") {
      if (inner === undefined || STEP_ESSENTIALS.has(String(inner))) steps.add(`${section}/${String(key)}`);
      else drop.push(path.slice(0, 3));
    } else if (section === "checks" || section === "permissions") {
      drop.push(path.slice(0, 2));
    }
  }
  for (const path of drop) remove(copy, path);
  for (const name of inputs) replace(copy, ["inputs", name], { type: "string" });
  for (const place of steps) replaceStep(copy, place);
  copy["metadata"] = { name: "x", title: "x" };
  return { data: copy, inputs, steps };
}

function remove(root: Record<string, unknown>, path: Path): void {
  const owner = ownerOf(root, path);
  // A list keeps its places, or paths would no longer lead to their lines.
  if (Array.isArray(owner)) owner[path.at(-1) as number] = undefined;
  else delete owner[String(path.at(-1))];
}

function replace(root: Record<string, unknown>, path: Path, value: unknown): void {
  (ownerOf(root, path) as Record<string | number, unknown>)[path.at(-1) as string | number] = value;
}

function ownerOf(root: unknown, path: Path): Record<string, unknown> {
  return path.slice(0, -1).reduce<unknown>((data, segment) => (data as Data)[segment], root) as Record<
    string,
    unknown
  >;
}

/** A step whose id is known is still there for those that refer to it. */
function replaceStep(root: Record<string, unknown>, place: string): void {
  const [section, index] = place.split("/") as [string, string];
  const steps = root[section] as unknown[];
  const { id } = Object(steps[Number(index)]) as { id?: unknown };
  steps[Number(index)] = { id: typeof id === "string" ? id : `(${place})`, uses: "" };
}
