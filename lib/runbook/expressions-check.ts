import type { Problem } from "../document/index.js";
import {
  dataTypeOf,
  DYN,
  isNullable,
  nameType,
  objectOf,
  type CelScope,
  type CelType,
} from "../cel/index.js";
import { placeOfInput } from "./load-step.js";
import { canBe, schemaAt, typeOfOutputs, typesTaken } from "./schema-types.js";
import {
  baseVariables,
  checkScope,
  makeScope,
  TEXTS,
  typeOfMatrix,
  typeOfStep,
  typeOfStepOutputs,
  WORDS,
} from "./scopes.js";
import { StepOrder } from "./step-order.js";
import { checkCondition, checkTemplate, checkValue, wholeOf } from "./template-check.js";
import { hasExpression } from "./template.js";
import type { KnownKind, Runbook, RunbookStep } from "./types.js";

/** What is known beside the runbook itself. */
export interface CheckContext {
  /** By name; undefined: outputs and inputs of steps are not known. */
  readonly kinds: ReadonlyMap<string, KnownKind> | undefined;
  /** Inputs and steps that the schema has faults with: nothing is said of what they give. */
  readonly unreadable: { readonly inputs: ReadonlySet<string>; readonly steps: ReadonlySet<RunbookStep> };
}

/** Every expression of a runbook against what it can see there, and its type against what is wanted. */
export function findExpressionProblems(runbook: Runbook, context: CheckContext): Problem[] {
  const variables = baseVariables(runbook.inputs, context.unreadable.inputs);
  const order = new StepOrder([...runbook.steps, ...runbook.finally]);
  const problems: Problem[] = [];
  const pass = (step: RunbookStep): void => {
    const kind = context.kinds?.get(step.uses);
    const found = checkStep(step, { variables, order, kind });
    order.pass(step, context.unreadable.steps.has(step) ? DYN : found.type);
    problems.push(...found.problems);
  };
  runbook.steps.forEach(pass);
  order.endAll();
  runbook.finally.forEach(pass);
  const scope = checkScope(variables, order.after());
  for (const { outcomes } of runbook.checks) {
    for (const outcome of outcomes) {
      if (outcome.if !== undefined) {
        problems.push(...checkCondition(outcome.if, scope, [...outcome.path, "if"]));
      }
      problems.push(...checkTemplate(outcome.message, scope, [...outcome.path, "message"]).problems);
      const { code, path } = outcome;
      if (code !== undefined) problems.push(...checkTemplate(code, scope, [...path, "code"]).problems);
    }
  }
  return problems;
}

interface StepContext {
  readonly variables: Readonly<Record<string, CelType>>;
  readonly order: StepOrder;
  readonly kind: KnownKind | undefined;
}

function checkStep(
  step: RunbookStep,
  { variables, order, kind }: StepContext,
): { readonly type: CelType; readonly problems: readonly Problem[] } {
  const steps = order.before(step);
  const matrix = checkMatrix(step, makeScope(variables, steps));
  const extra: Readonly<Record<string, CelType>> = matrix.type === undefined ? {} : { matrix: matrix.type };
  const scope = makeScope(variables, steps, extra);
  const problems = [...matrix.problems];
  if (step.if !== undefined) problems.push(...checkCondition(step.if, scope, [...step.path, "if"]));
  problems.push(...checkInput(step, scope, kind));
  const result = step.control === null ? typeOfOutputs(kind?.outputSchema) : objectOf({});
  const outputScope = makeScope(variables, steps, { ...extra, result });
  const declared = Object.entries(step.outputs).map(([name, value]) => {
    const checked = checkValue(value, outputScope, [...step.path, "outputs", name]);
    problems.push(...checked.problems);
    return [name, dataTypeOf(checked.type)] as const;
  });
  const outputs = typeOfStepOutputs(step.id, result, Object.fromEntries(declared));
  return { type: typeOfStep(outputs, matrix.type), problems };
}

function checkMatrix(
  { strategy, path }: RunbookStep,
  scope: CelScope,
): { readonly type: CelType | undefined; readonly problems: readonly Problem[] } {
  if (strategy === null) return { type: undefined, problems: [] };
  const problems: Problem[] = [];
  const types = Object.entries(strategy.matrix).map(([name, values]) => {
    const place = [...path, "strategy", "matrix", name];
    const checked = checkValue(values, scope, place);
    problems.push(...checked.problems);
    const { type } = checked;
    if (type.kind === "list" && type.nullable !== true) return [name, dataTypeOf(type.item)] as const;
    if (type.kind !== "dyn" && typeof values === "string") {
      const message = `a matrix needs a list, and this is ${nameType(type)}`;
      problems.push({ path: place, part: wholeOf(values), message, rule: "expression-type" });
    }
    return [name, DYN] as const;
  });
  return { type: typeOfMatrix(Object.fromEntries(types)), problems };
}

/** What a step is given: every expression, and whether the kind takes what it gives. */
function checkInput(step: RunbookStep, scope: CelScope, kind: KnownKind | undefined): Problem[] {
  const visit = (value: unknown, path: Problem["path"]): Problem[] => {
    if (hasExpression(value)) return checkLeaf(value, path);
    if (typeof value !== "object" || value === null) return [];
    return Object.entries(value).flatMap(([key, inner]) =>
      visit(inner, [...path, Array.isArray(value) ? Number(key) : key]),
    );
  };
  const checkLeaf = (value: string, path: Problem["path"]): Problem[] => {
    const place = placeOfInput(step, path);
    const { type, problems } = checkTemplate(value, scope, place);
    if (problems.length > 0) return [...problems];
    const fault = findMisfit(type, { step, path, schema: kind?.inputSchema });
    return fault === undefined
      ? []
      : [{ ...fault, path: place, part: wholeOf(value), rule: "expression-type" }];
  };
  return visit(step.with, []);
}

function findMisfit(
  type: CelType,
  at: { readonly step: RunbookStep; readonly path: Problem["path"]; readonly schema: unknown },
): Pick<Problem, "message" | "suggestion"> | undefined {
  const { step, path, schema } = at;
  const name = JSON.stringify(placeOfInput(step, path).findLast((segment) => typeof segment === "string"));
  const taken = takenBy(step, path) ?? typesTaken(schemaAt(schema, path), schema);
  if (taken !== undefined && !canBe(type, taken)) {
    const unfit =
      type.kind === "string" ? type.values?.find((value) => !canBe(textOf(value), taken)) : undefined;
    const what = unfit === undefined ? `this is ${nameType(type)}` : `this may be ${JSON.stringify(unfit)}`;
    return { message: `${name} takes ${describeTaken(taken)}, and ${what}` };
  }
  if (!isNullable(dataTypeOf(type)) || !isRequired(step, path, schema)) return undefined;
  const message = `${name} has to be given, and this may be null`;
  return { message, suggestion: "make the input required, or give it a default" };
}

/** Of `run` and `script` the forms that the runbook itself knows. */
function takenBy({ form }: RunbookStep, path: Problem["path"]): readonly CelType[] | undefined {
  if (form === "run") return path[0] === "argv" ? WORDS : [textOf()];
  return form === "script" && path[0] === "env" ? TEXTS : undefined;
}

function textOf(value?: string): CelType {
  return value === undefined ? { kind: "string" } : { kind: "string", values: [value] };
}

function isRequired({ form }: RunbookStep, path: Problem["path"], schema: unknown): boolean {
  if (form === "run") return path[0] === "on";
  const owner = schemaAt(schema, path.slice(0, -1)) as { readonly required?: readonly unknown[] } | undefined;
  return owner?.required?.includes(path.at(-1)) === true;
}

function describeTaken(taken: readonly CelType[]): string {
  const words = taken.flatMap((type) =>
    type.kind === "string" && type.values !== undefined
      ? type.values.map((value) => JSON.stringify(value))
      : [nameType(type)],
  );
  return [...new Set(words)].join(" or ");
}
