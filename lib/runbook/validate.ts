import type { Problem } from "../document/index.js";
import { compileCel } from "./cel.js";
import { offsetInLine } from "./expression.js";
import { findSpecFaults, readDefault } from "./input-values.js";
import { findTemplateFaults, type Scope } from "./references.js";
import { EXPRESSION_START, hasExpression, splitTemplate } from "./template.js";
import type { InputSpec, Runbook, RunbookStep } from "./types.js";

type Path = Problem["path"];

/** What a schema cannot say: names used twice, references to nothing, defaults that do not fit. */
export function findRunbookProblems(runbook: Runbook): Problem[] {
  return [
    ...Object.entries(runbook.inputs).flatMap(([name, spec]) => findInputProblems(name, spec)),
    ...findDoubleIds(
      [...runbook.steps, ...runbook.finally].map(({ id, path }) => ({ id, path: [...path, "id"] })),
    ),
    ...findDoubleIds(runbook.checks.map(({ id }, index) => ({ id, path: ["checks", index, "id"] }))),
    ...findStepProblems(runbook),
    ...findCheckProblems(runbook),
  ];
}

function findInputProblems(name: string, spec: InputSpec): Problem[] {
  const path: Path = ["inputs", name];
  const problems: Problem[] = findSpecFaults(spec).map(({ key, message }) => ({
    path: [...path, key],
    message,
  }));
  if (spec.items !== undefined) {
    const faults = findSpecFaults(spec.items);
    problems.push(...faults.map(({ key, message }) => ({ path: [...path, "items", key], message })));
  }
  if (spec.type === "array" && spec.items === undefined) {
    problems.push({
      path,
      at: "key",
      message: `the array "${name}" does not say what its items are`,
      suggestion: "add items: {type: string}",
    });
  }
  if (spec.type !== "array" && spec.items !== undefined) {
    problems.push({
      path: [...path, "items"],
      at: "key",
      message: `items are for an array, not for ${spec.type}`,
    });
  }
  if (spec.required === true && spec.default !== undefined) {
    const message = `the input "${name}" is required and has a default`;
    problems.push({ path: [...path, "default"], at: "key", message, suggestion: "leave one of them out" });
  }
  if (problems.length === 0) {
    const reading = readDefault(spec);
    if ("expected" in reading) {
      const message = `the default of "${name}" does not fit: expected ${reading.expected}`;
      problems.push({ path: [...path, "default"], message });
    }
  }
  return problems;
}

function findDoubleIds(ids: readonly { readonly id: string; readonly path: Path }[]): Problem[] {
  const seen = new Set<string>();
  return ids.flatMap(({ id, path }) => {
    if (seen.has(id)) return [{ path, message: `the id "${id}" is used twice` }];
    seen.add(id);
    return [];
  });
}

function findStepProblems(runbook: Runbook): Problem[] {
  const all = [...runbook.steps, ...runbook.finally];
  const ids = all.map(({ id }) => id);
  return all.flatMap((step, index) => {
    const scope = scopeAt(runbook, {
      done: ids.slice(0, index),
      later: ids.slice(index),
      hasFindings: false,
    });
    return [
      ...findConditionProblems(runbook, step, scope),
      ...findValueProblems(runbook, { value: step.with, path: [...step.path, "with"] }, scope),
      ...findUnevaluated(step),
    ];
  });
}

function findUnevaluated({ name, path }: RunbookStep): Problem[] {
  if (!hasExpression(name)) return [];
  return [{ path: [...path, "name"], message: "an expression is not evaluated here" }];
}

function findCheckProblems(runbook: Runbook): Problem[] {
  const done = [...runbook.steps, ...runbook.finally].map(({ id }) => id);
  const scope = scopeAt(runbook, { done, later: [], hasFindings: true });
  return runbook.checks
    .flatMap(({ outcomes }) => outcomes)
    .flatMap((outcome) => [
      ...findConditionProblems(runbook, outcome, scope),
      ...findValueProblems(runbook, { value: outcome.message, path: [...outcome.path, "message"] }, scope),
    ]);
}

function scopeAt(
  runbook: Runbook,
  at: { readonly done: readonly string[]; readonly later: readonly string[]; readonly hasFindings: boolean },
): Scope {
  const inputs = Object.keys(runbook.inputs);
  return { inputs, steps: at.done, laterSteps: at.later, hasFindings: at.hasFindings };
}

function findConditionProblems(
  runbook: Runbook,
  subject: { readonly if: string | undefined; readonly path: Path },
  scope: Scope,
): Problem[] {
  if (subject.if === undefined) return [];
  const path = [...subject.path, "if"];
  const faults = findValueProblems(runbook, { value: subject.if, path }, scope);
  if (faults.length > 0) return faults;
  const [only, ...more] = splitTemplate(subject.if);
  if (only?.kind !== "expression" || more.length > 0) {
    return [
      {
        path,
        message: `a condition is one expression and nothing beside it`,
        suggestion: "join with && or ||",
      },
    ];
  }
  const { type } = compileCel(only.source);
  if (type === "bool" || type === "dyn") return [];
  return [{ path, message: `a condition must be true or false, and this gives ${type}` }];
}

function findValueProblems(
  runbook: Runbook,
  { value, path }: { readonly value: unknown; readonly path: Path },
  scope: Scope,
): Problem[] {
  if (hasExpression(value)) {
    const { document } = runbook;
    return findTemplateFaults(value, scope).map(({ offset, ...fault }) => ({
      ...fault,
      path,
      offset: offsetInLine({ document, path }, { template: value, offset }),
    }));
  }
  if (typeof value !== "object" || value === null) return [];
  const isList = Array.isArray(value);
  return Object.entries(value).flatMap(([key, inner]) => {
    const innerPath = [...path, isList ? Number(key) : key];
    const found = findValueProblems(runbook, { value: inner, path: innerPath }, scope);
    if (!key.includes(EXPRESSION_START)) return found;
    return [{ path: innerPath, at: "key", message: "an expression is not evaluated in a key" }, ...found];
  });
}
