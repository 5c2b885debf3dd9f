import { fitsKnown, invalid, nearest, validateValue, type Problem } from "../document/index.js";
import { findExpressionProblems } from "./expressions-check.js";
import { placeOfInput } from "./load-step.js";
import { orExpression } from "./or-expression.js";
import { schemaAt } from "./schema-types.js";
import { hasExpression } from "./template.js";
import type { KnownKind, Runbook, RunbookStep } from "./types.js";

const NOTHING = { inputs: new Set<string>(), steps: new Set<RunbookStep>() };

/**
 * What a runbook gets wrong about the step kinds there are: names, `with` against the kind's schema, the types of
 * expressions against what kinds take and give, actions that are not declared.
 */
export function findKindProblems(runbook: Runbook, kinds: Iterable<KnownKind>): Problem[] {
  const byName = new Map([...kinds].map((kind) => [kind.name, kind]));
  const steps = [...runbook.steps, ...runbook.finally];
  return [
    ...steps.flatMap((step) => findStepKindProblems(step, { runbook, kinds: byName })),
    ...findExpressionProblems(runbook, { kinds: byName, unreadable: NOTHING }),
  ];
}

/** Throws DOCUMENT_INVALID with all that `findKindProblems` finds, at file:line:column. */
export function checkRunbook(runbook: Runbook, kinds: Iterable<KnownKind>): void {
  const problems = findKindProblems(runbook, kinds);
  if (problems.length > 0) throw invalid(runbook.document, problems);
}

/** The same of one step, its expressions aside. */
export function findStepKindProblems(
  step: RunbookStep,
  { runbook, kinds }: { readonly runbook: Runbook; readonly kinds: ReadonlyMap<string, KnownKind> },
): Problem[] {
  if (step.control !== null) return [];
  const kind = kinds.get(step.uses);
  if (kind === undefined) return [describeUnknownKind(step, [...kinds.keys()])];
  return [
    ...findMadeUp(step, kind),
    ...findWithProblems(step, kind),
    ...findActionProblems(step, { kind, runbook }),
    ...findPhaseProblems(step, kind),
    ...findOutputClashes(step, kind),
  ];
}

/** What a runbook writes down in place of what a step gives, and what would be refused in the run. */
function findMadeUp(step: RunbookStep, kind: KnownKind): Problem[] {
  return Object.entries(kind.takes ?? {}).flatMap(([property, what]) => {
    const value = step.with[property];
    if (typeof value !== "object" || value === null) return [];
    const made = Object.entries(value).find(([, element]) => !hasExpression(element));
    if (made === undefined) return [];
    return [
      {
        path: placeOfInput(step, [property]),
        message: `"${property}" takes what a step gave, and this ${what} is made up`,
        suggestion: "hand on the output of a step, such as ${{ steps.ID.outputs.NAME }}",
        rule: "made-up-object",
      },
    ];
  });
}

function describeUnknownKind(step: RunbookStep, names: readonly string[]): Problem {
  const near = nearest(step.uses, names);
  const suggestion = near === undefined ? `there are: ${names.join(", ")}` : `did you mean "${near}"?`;
  const message = `there is no step kind "${step.uses}"`;
  return { path: [...step.path, "uses"], message, suggestion, rule: "unknown-step-kind" };
}

/** A value with an expression in it is known only at run time; its type is another question. */
function findWithProblems(step: RunbookStep, kind: KnownKind): Problem[] {
  if (fitsKnown(step.with, orExpression(kind.inputSchema))) return [];
  return validateValue(step.with, kind.inputSchema)
    .filter((problem) => problem.at === "key" || !hasExpression(valueAt(step.with, problem.path)))
    .map((problem) => ({
      ...problem,
      message: problem.message.replace(/^the document/, '"with"'),
      path: placeOfInput(step, problem.path),
    }));
}

function valueAt(value: unknown, path: Problem["path"]): unknown {
  return path.reduce<unknown>(
    (inner, segment) => (inner as Record<string | number, unknown>)[segment],
    value,
  );
}

function findActionProblems(
  step: RunbookStep,
  { kind, runbook }: { kind: KnownKind; runbook: Runbook },
): Problem[] {
  const declared = runbook.permissions.exec ?? [];
  const missing = (kind.actions ?? []).filter(
    (action) => !declared.some((pattern) => coversAction(pattern, action)),
  );
  return missing.map((action) => ({
    path: [...step.path, "uses"],
    message: `${step.uses} needs ${action}, which permissions.exec does not declare`,
    suggestion: `add ${action} to permissions.exec`,
    rule: "undeclared-action",
  }));
}

/** `runtime/*` covers `runtime/pods`: a star is one whole part of the name. */
function coversAction(pattern: string, action: string): boolean {
  const [group, name] = pattern.split("/");
  const [wantedGroup, wantedName] = action.split("/");
  return group === wantedGroup && (name === "*" || name === wantedName);
}

function findPhaseProblems(step: RunbookStep, kind: KnownKind): Problem[] {
  if (!step.background || kind.phase !== "discovery") return [];
  const message = `${step.uses} runs while the plan is made, and cannot run in the background`;
  return [{ path: [...step.path, "background"], at: "key", message, rule: "background-step" }];
}

function findOutputClashes(step: RunbookStep, kind: KnownKind): Problem[] {
  return Object.keys(step.outputs)
    .filter((name) => schemaAt(kind.outputSchema, [name]) !== undefined)
    .map((name) => ({
      path: [...step.path, "outputs", name],
      at: "key",
      message: `${step.uses} gives an output "${name}" itself`,
      suggestion: "choose another name",
      rule: "output-clash",
    }));
}
