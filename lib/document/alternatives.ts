import type { ErrorObject } from "ajv/dist/2020.js";
import { describeValue, joinWords, quote, subjectOf, typeWords } from "./words.js";
import type { ValuePart } from "./place.js";
import type { ProblemRule } from "./rules.js";

/** Something about a document that is not as it should be. */
export interface Problem {
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** Where to point: at the value (default) or at the key in front of it. */
  readonly at?: "key" | "value";
  /** Characters to the right of that place, where the trouble is within a value on one line. Default 0. */
  readonly offset?: number;
  /** Where the trouble is a part of a text value, on whichever of its lines. */
  readonly part?: ValuePart;
  /** A short note for beside the caret: `did you mean "steps"?`. */
  readonly suggestion?: string;
  /** Default `invalid-value`. */
  readonly rule?: ProblemRule;
}

/** Validates data against one branch of an anyOf/oneOf (the very list of the schema). */
export type RunBranch = (
  branches: readonly unknown[],
  index: number,
  data: unknown,
) => readonly ErrorObject[] | undefined;

/** What alternatives need of the rest: where the value stands, how a branch is run and put in words. */
interface Explainer {
  readonly path: Problem["path"];
  readonly run: RunBranch;
  readonly describe: (errors: readonly ErrorObject[], data: unknown) => Problem[];
}

/** How a value failed one branch of an anyOf or oneOf. */
interface Branch {
  readonly errors: readonly ErrorObject[];
}

export function isAlternatives(error: ErrorObject): boolean {
  return error.keyword === "anyOf" || error.keyword === "oneOf";
}

/**
 * The problems of the branch that was most likely meant, or that a value fits more than one
 * branch of a oneOf. `consumed` is how many errors the branches themselves left
 * right before this one.
 */
export function describeAlternatives(
  error: ErrorObject,
  { path, run, describe }: Explainer,
): { found: readonly Problem[]; consumed: number } {
  const schemas = error.schema as readonly unknown[];
  const branches: Branch[] = [];
  let consumed = 0;
  for (const index of schemas.keys()) {
    const errors = run(schemas, index, error.data) ?? [];
    consumed += errors.length;
    if (errors.length > 0) branches.push({ errors });
  }
  if (error.keyword === "oneOf" && error.params["passingSchemas"] !== null) {
    return {
      found: [
        {
          path,
          message: `${subjectOf(path)} fits more than one of the forms it may have`,
          rule: "wrong-form",
        },
      ],
      consumed,
    };
  }
  const ofItsType = branches.filter(
    ({ errors }) => !errors.some((one) => one.instancePath === "" && one.keyword === "type"),
  );
  if (ofItsType.length === 0)
    return { found: [describeTypes(branches, { path, data: error.data })], consumed };
  const meant = ofItsType.filter(({ errors }) => !errors.some(isTagMismatch));
  if (meant.length === 0) {
    const tags = describeTags(ofItsType, path);
    if (tags !== undefined) return { found: [tags], consumed };
  }
  const [best] = [...(meant.length > 0 ? meant : ofItsType)].sort((a, b) => rate(a) - rate(b));
  return { found: best === undefined ? [] : describe(best.errors, error.data), consumed };
}

/** A branch says by a constant which of the forms it is: `kind: capture`. */
function isTagMismatch(error: ErrorObject): boolean {
  return error.keyword === "const" && error.instancePath.lastIndexOf("/") <= 0;
}

function describeTypes(
  branches: readonly Branch[],
  value: { path: Problem["path"]; data: unknown },
): Problem {
  const types = branches.flatMap(({ errors }) =>
    errors
      .filter((one) => one.instancePath === "" && one.keyword === "type")
      .flatMap((one) => one.params["type"] as string | string[]),
  );
  return {
    path: value.path,
    message: `${subjectOf(value.path)} must be ${typeWords([...new Set(types)])}, is ${describeValue(value.data)}`,
    rule: "wrong-type",
  };
}

function describeTags(branches: readonly Branch[], base: Problem["path"]): Problem | undefined {
  const tags = branches.flatMap(({ errors }) => errors.filter(isTagMismatch).slice(0, 1));
  const [first] = tags;
  if (first === undefined || tags.some((tag) => tag.instancePath !== first.instancePath)) return undefined;
  const values = [...new Set(tags.map((tag) => quote(tag.params["allowedValue"])))];
  const path = first.instancePath === "" ? base : [...base, first.instancePath.slice(1)];
  return {
    path,
    message: `${subjectOf(path)} must be one of ${joinWords(values)}, is ${describeValue(first.data)}`,
    rule: "not-allowed-value",
  };
}

/** Fewer and deeper errors are nearer to what was meant; a wrong set of keys is farther than a wrong value. */
function rate({ errors }: Branch): number {
  return errors.reduce((sum, error) => {
    const depth = error.instancePath.split("/").length - 1;
    const isKey = error.keyword === "required" || error.keyword === "additionalProperties";
    return sum + (isKey ? 4 : 2) / (1 + depth);
  }, 0);
}
