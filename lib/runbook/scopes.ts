import { readSchema } from "../document/index.js";
import {
  DYN,
  INT,
  listOf,
  objectOf,
  orNull,
  STRING,
  type CelScope,
  type CelType,
  type ObjectType,
} from "../cel/index.js";
import { typeOfInput, typeOfSchema } from "./schema-types.js";
import type { InputSpec } from "./types.js";

const ABSENT: Readonly<Record<string, string>> = {
  matrix: "there is no matrix here: the step has no strategy.matrix",
  result: "result is there only in a step's outputs",
  findings: "findings are there only in checks, after the steps",
};

let findingsType: CelType | undefined;

/** findings.json, as checks see it. */
export function typeOfFindings(): CelType {
  return (findingsType ??= typeOfSchema(readSchema("findings")));
}

/** What every expression of a runbook sees. */
export function baseVariables(
  inputs: Readonly<Record<string, InputSpec>>,
  unreadable: ReadonlySet<string>,
): Readonly<Record<string, CelType>> {
  const types = Object.entries(inputs).map(
    ([name, spec]) => [name, unreadable.has(name) ? DYN : typeOfInput(spec)] as const,
  );
  return {
    inputs: objectOf(Object.fromEntries(types), {
      explain: (name) => ({ message: `there is no input ${JSON.stringify(name)}`, rule: "unknown-input" }),
    }),
    cluster: objectOf({ name: STRING, nodes: listOf(STRING) }),
    run: objectOf({ id: STRING, runbook: STRING }),
  };
}

/** The scope of one place. `extra`: matrix and result, where they are there. */
export function makeScope(
  variables: Readonly<Record<string, CelType>>,
  steps: ObjectType,
  extra: Readonly<Record<string, CelType>> = {},
): CelScope {
  return { variables: { ...variables, steps, ...extra }, absent: ABSENT };
}

export function checkScope(variables: Readonly<Record<string, CelType>>, steps: ObjectType): CelScope {
  return makeScope(variables, steps, { findings: typeOfFindings() });
}

/** The outputs of a step: what its kind gives and what the step itself names. */
export function typeOfStepOutputs(
  id: string,
  kindOutputs: CelType,
  declared: Readonly<Record<string, CelType>>,
): CelType {
  const explain: ObjectType["explain"] = (name) => ({
    message: `the step ${JSON.stringify(id)} has no output ${JSON.stringify(name)}`,
    rule: "unknown-output",
  });
  if (kindOutputs.kind !== "object") return objectOf(declared, { open: true, explain });
  return {
    kind: "object",
    names: [...kindOutputs.names, ...Object.keys(declared)],
    property: (name) => (Object.hasOwn(declared, name) ? declared[name] : kindOutputs.property(name)),
    open: kindOutputs.open,
    explain,
  };
}

/** `steps.ID`: its outputs, of a matrix one entry for each combination. */
export function typeOfStep(outputs: CelType, matrix: CelType | undefined): CelType {
  const explain: ObjectType["explain"] = (name) => ({
    message: `a step has outputs and no ${JSON.stringify(name)}`,
    suggestion: "write .outputs.NAME",
    rule: "unknown-property",
  });
  if (matrix === undefined) return objectOf({ outputs }, { explain });
  const status: CelType = { kind: "string", values: ["done", "failed", "skipped"] };
  const entry = objectOf({ matrix, status, outputs: orNull(outputs) });
  return objectOf({ outputs: listOf(entry) }, { explain });
}

/** `matrix`, of the values of each of its names. */
export function typeOfMatrix(values: Readonly<Record<string, CelType>>): ObjectType {
  return objectOf(values, {
    explain: (name) => ({
      message: `the matrix has no ${JSON.stringify(name)}`,
      rule: "unknown-matrix-name",
    }),
  });
}

/** What a word of a command can be: text, what becomes text, or a list of such. */
const WORD: readonly CelType[] = [STRING, INT, { kind: "bool" }];
export const WORDS: readonly CelType[] = [...WORD, ...WORD.map(listOf)];
export const TEXTS: readonly CelType[] = WORD;
