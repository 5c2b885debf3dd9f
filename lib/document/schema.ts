import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type * as Library from "ajv/dist/2020.js";
import { HopbookError, messageOf } from "../errors.js";
import { documents } from "../shapes/generated/documents.js";
import { fitsKnown } from "./known-value.js";
import { explainProblems, type PlacedProblem } from "./explain.js";
import { describeErrors, type Problem, type RunBranch } from "./problems.js";
import type { SourceDocument, Span } from "./source.js";

/** The schemas of the package's schemas/ folder, by file name without `.json`. */
export type SchemaName =
  | "runbook"
  | "runbook-overlay"
  | "runbook-extension"
  | "hop-recipe"
  | "cni-evidence"
  | "naming"
  | "next-steps"
  | "cluster-profile"
  | "permission-profile"
  | "runbook-test"
  | "findings";

const SCHEMA_FOLDER = new URL("../../schemas/", import.meta.url);

let sharedAjv: Library.Ajv2020 | undefined;
const namedValidators = new Map<SchemaName, NamedValidator>();
const valueValidators = new WeakMap<object, NamedValidator>();
let anonymousSchemas = 0;

interface NamedValidator {
  readonly validate: Library.ValidateFunction;
  readonly pointers: ReadonlyMap<unknown, string>;
}

/** Every way in which a document differs from its schema; empty where it fits. */
export function validateDocument(document: SourceDocument, schema: SchemaName): readonly Problem[] {
  // Compiling a schema takes longer than all else of a start: it is done to say what is wrong.
  if (documents[schema]?.(document.data) === true) return [];
  return runValidator(loadNamed(schema), document.data);
}

/**
 * Every way in which a value differs from a JSON Schema (2020-12). The compiled schema is kept for as long
 * as the schema object lives. Throws INTERNAL where the schema itself is wrong.
 */
export function validateValue(value: unknown, schema: object): readonly Problem[] {
  if (fitsKnown(value, schema)) return [];
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
  return explainProblems(
    document,
    problems.map((problem) => placeProblem(document, problem)),
  );
}

/** In a document that was merged of several every problem has a file and a line of its own. */
function placeProblem(document: SourceDocument, problem: Problem): PlacedProblem {
  const { path, at, part, offset = 0, message, suggestion, rule } = problem;
  const { file, text } = document.origin(path, at);
  const place: Span = document.span?.(path, { at, part }) ?? document.locate(path, at);
  return {
    file,
    text,
    ...place,
    column: place.column + offset,
    message,
    ...(suggestion !== undefined && { suggestion }),
    rule,
  };
}

function loadNamed(name: SchemaName): NamedValidator {
  const known = namedValidators.get(name);
  if (known !== undefined) return known;
  const validator = compileSchema(readSchema(name), `hopbook:schema/${name}`);
  namedValidators.set(name, validator);
  return validator;
}

/** A schema of the package as its file has it. Throws INTERNAL where the package is not whole. */
export function readSchema(name: SchemaName): object {
  const url = new URL(`${name}.json`, SCHEMA_FOLDER);
  try {
    return JSON.parse(readFileSync(url, "utf8")) as object;
  } catch (cause) {
    throw new HopbookError("INTERNAL", `Cannot read the schema ${name}.json: ${String(cause)}`, {
      where: { file: fileURLToPath(url) },
      hint: "Install hopbook again",
      cause,
    });
  }
}

function compileSchema(schema: object, key: string): NamedValidator {
  sharedAjv ??= makeAjv();
  try {
    // Under a key of our own: the same $id may come as two objects, one a registered kind's and one a test's.
    sharedAjv.addSchema({ ...schema, $id: key }, key);
    addReferenced(schema, sharedAjv);
    const validate = sharedAjv.getSchema(key);
    if (validate === undefined) throw new Error("it does not compile");
    return { validate, pointers: findPointers(schema, key) };
  } catch (cause) {
    const reason = messageOf(cause);
    throw new HopbookError("INTERNAL", `Cannot compile the schema ${key}: ${reason}`, { cause });
  }
}

/** Loaded where there is something wrong to explain: its hundred files are a tenth of a start. */
function makeAjv(): Library.Ajv2020 {
  const { Ajv2020 } = createRequire(import.meta.url)("ajv/dist/2020.js") as typeof Library;
  return new Ajv2020({
    strict: true,
    // `required` in a branch may well speak of a property that is declared outside of it.
    strictRequired: false,
    allErrors: true,
    verbose: true,
    allowUnionTypes: true,
    discriminator: true,
    logger: false,
  });
}

const REFERENCE = /"https:\/\/hopbook\.dev\/schemas\/([a-z-]+)\.json#/g;
/** Schemas that others refer to, under their own $id, and where their lists stand. */
const referenced = new Map<string, ReadonlyMap<unknown, string>>();

function addReferenced(schema: object, ajv: Library.Ajv2020): void {
  for (const [, name = ""] of JSON.stringify(schema).matchAll(REFERENCE)) {
    if (referenced.has(name)) continue;
    const other = readSchema(name as SchemaName);
    referenced.set(name, findPointers(other, (other as { $id: string }).$id));
    ajv.addSchema(other);
    addReferenced(other, ajv);
  }
}

/** Where each list of a schema stands in it: ajv's own schemaPath starts anew at every $ref. */
function findPointers(schema: object, key: string): Map<unknown, string> {
  const pointers = new Map<unknown, string>();
  const visit = (value: unknown, pointer: string): void => {
    if (typeof value !== "object" || value === null) return;
    if (Array.isArray(value)) pointers.set(value, `${key}#${pointer}`);
    for (const [name, child] of Object.entries(value)) {
      visit(child, `${pointer}/${encodeURIComponent(name.replaceAll("~", "~0").replaceAll("/", "~1"))}`);
    }
  };
  visit(schema, "");
  return pointers;
}

function runValidator({ validate, pointers }: NamedValidator, value: unknown): readonly Problem[] {
  if (validate(value)) return [];
  const runBranch: RunBranch = (branches, index, data) => {
    const others = [...referenced.values()].map((lists) => lists.get(branches));
    const pointer = pointers.get(branches) ?? others.find((found) => found !== undefined);
    const branch = pointer === undefined ? undefined : sharedAjv?.getSchema(`${pointer}/${index}`);
    if (branch === undefined) return undefined;
    return branch(data) ? [] : [...(branch.errors ?? [])];
  };
  return describeErrors([...(validate.errors ?? [])], runBranch, { root: value });
}
