import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { HopbookError } from "../errors.js";
import { explainProblems } from "./explain.js";
import { describeErrors, type Problem, type RunBranch } from "./problems.js";
import type { SourceDocument } from "./source.js";

/** The schemas of the package's schemas/ folder, by file name without `.json`. */
export type SchemaName = "runbook" | "hop-recipe" | "cluster-profile" | "findings";

const SCHEMA_FOLDER = new URL("../../schemas/", import.meta.url);

let sharedAjv: Ajv2020 | undefined;
const namedValidators = new Map<SchemaName, NamedValidator>();
const valueValidators = new WeakMap<object, NamedValidator>();
let anonymousSchemas = 0;

interface NamedValidator {
  readonly key: string;
  readonly validate: ValidateFunction;
  readonly pointers: ReadonlyMap<unknown, string>;
}

/** Every way in which a document differs from its schema; empty where it fits. */
export function validateDocument(document: SourceDocument, schema: SchemaName): readonly Problem[] {
  return runValidator(loadNamed(schema), document.data);
}

/**
 * Every way in which a value differs from a JSON Schema (2020-12). The compiled schema is kept for as long
 * as the schema object lives. Throws INTERNAL where the schema itself is wrong.
 */
export function validateValue(value: unknown, schema: object): readonly Problem[] {
  let validator = valueValidators.get(schema);
  if (validator === undefined) {
    validator = compileSchema(schema, `hopbook:value/${anonymousSchemas++}`);
    valueValidators.set(schema, validator);
  }
  return runValidator(validator, value);
}

/** The document's data as its schema says it is. Throws DOCUMENT_INVALID with all problems at once. */
export function assertValid<T>(document: SourceDocument, schema: SchemaName): T {
  const problems = validateDocument(document, schema);
  if (problems.length > 0) throw invalid(document, problems);
  return document.data as T;
}

/**
 * One DOCUMENT_INVALID error for problems of a document: `detail` has file:line:column, the line, a caret
 * and the suggestion of each; `where` is the first one's place.
 */
export function invalid(document: SourceDocument, problems: readonly Problem[]): HopbookError {
  const placed = problems.map((problem) => ({
    ...shiftColumn(document.locate(problem.path, problem.at), problem.offset),
    message: problem.message,
    ...(problem.suggestion !== undefined && { suggestion: problem.suggestion }),
  }));
  return explainProblems(document, placed);
}

function shiftColumn(place: { line: number; column: number }, offset = 0): { line: number; column: number } {
  return { line: place.line, column: place.column + offset };
}

function loadNamed(name: SchemaName): NamedValidator {
  const known = namedValidators.get(name);
  if (known !== undefined) return known;
  const url = new URL(`${name}.json`, SCHEMA_FOLDER);
  let schema: object;
  try {
    schema = JSON.parse(readFileSync(url, "utf8")) as object;
  } catch (cause) {
    throw new HopbookError("INTERNAL", `Cannot read the schema ${name}.json: ${String(cause)}`, {
      where: { file: fileURLToPath(url) },
      hint: "Install hopbook again",
      cause,
    });
  }
  const validator = compileSchema(schema, `hopbook:schema/${name}`);
  namedValidators.set(name, validator);
  return validator;
}

function compileSchema(schema: object, key: string): NamedValidator {
  sharedAjv ??= new Ajv2020({
    strict: true,
    // `required` in a branch may well speak of a property that is declared outside of it.
    strictRequired: false,
    allErrors: true,
    verbose: true,
    allowUnionTypes: true,
    discriminator: true,
    logger: false,
  });
  try {
    // Under a key of our own: the same $id may come as two objects, one a registered kind's and one a test's.
    sharedAjv.addSchema({ ...schema, $id: key }, key);
    const validate = sharedAjv.getSchema(key);
    if (validate === undefined) throw new Error("it does not compile");
    return { key, validate, pointers: findPointers(schema) };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new HopbookError("INTERNAL", `Cannot compile the schema ${key}: ${reason}`, { cause });
  }
}

/** Where each list of a schema stands in it: ajv's own schemaPath starts anew at every $ref. */
function findPointers(schema: object): Map<unknown, string> {
  const pointers = new Map<unknown, string>();
  const visit = (value: unknown, pointer: string): void => {
    if (typeof value !== "object" || value === null) return;
    if (Array.isArray(value)) pointers.set(value, pointer);
    for (const [name, child] of Object.entries(value)) {
      visit(child, `${pointer}/${encodeURIComponent(name.replaceAll("~", "~0").replaceAll("/", "~1"))}`);
    }
  };
  visit(schema, "");
  return pointers;
}

function runValidator({ key, validate, pointers }: NamedValidator, value: unknown): readonly Problem[] {
  if (validate(value)) return [];
  const runBranch: RunBranch = (branches, index, data) => {
    const pointer = pointers.get(branches);
    const branch = pointer === undefined ? undefined : sharedAjv?.getSchema(`${key}#${pointer}/${index}`);
    if (branch === undefined) return undefined;
    return branch(data) ? [] : [...(branch.errors ?? [])];
  };
  return describeErrors([...(validate.errors ?? [])], runBranch, { root: value });
}
