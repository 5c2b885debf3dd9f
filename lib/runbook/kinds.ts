import { invalid, nearest, validateValue, type Problem } from "../document/index.js";
import { hasExpression } from "./template.js";
import type { Runbook, RunbookStep } from "./types.js";

/** What `checkRunbook` needs of a registered step kind. */
export interface KnownKind {
  readonly name: string;
  /** JSON Schema, 2020-12, of `with`. */
  readonly inputSchema: object;
  /** Named actions that it may use; the runbook has to declare them under permissions.exec. */
  readonly actions?: readonly string[];
}

/**
 * What a runbook gets wrong about the step kinds there are: names, `with` against the kind's schema, actions
 * that are not declared. A value with an expression in it is known only at run time and is let through.
 */
export function findKindProblems(runbook: Runbook, kinds: Iterable<KnownKind>): Problem[] {
  const byName = new Map([...kinds].map((kind) => [kind.name, kind]));
  return [...runbook.steps, ...runbook.finally].flatMap((step) => {
    const kind = byName.get(step.uses);
    if (kind === undefined) return [describeUnknownKind(step, [...byName.keys()])];
    return [...findWithProblems(step, kind), ...findActionProblems(step, { kind, runbook })];
  });
}

/** Throws DOCUMENT_INVALID with all that `findKindProblems` finds, at file:line:column. */
export function checkRunbook(runbook: Runbook, kinds: Iterable<KnownKind>): void {
  const problems = findKindProblems(runbook, kinds);
  if (problems.length > 0) throw invalid(runbook.document, problems);
}

function describeUnknownKind(step: RunbookStep, names: readonly string[]): Problem {
  const near = nearest(step.uses, names);
  const suggestion = near === undefined ? `there are: ${names.join(", ")}` : `did you mean "${near}"?`;
  return { path: [...step.path, "uses"], message: `there is no step kind "${step.uses}"`, suggestion };
}

function findWithProblems(step: RunbookStep, kind: KnownKind): Problem[] {
  return validateValue(step.with, kind.inputSchema)
    .filter((problem) => problem.at === "key" || !hasExpression(valueAt(step.with, problem.path)))
    .map((problem) => {
      const message =
        problem.path.length === 0 ? problem.message.replace(/^the document/, '"with"') : problem.message;
      return { ...problem, message, path: [...step.path, "with", ...problem.path] };
    });
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
  }));
}

/** `runtime/*` covers `runtime/pods`: a star is one whole part of the name. */
function coversAction(pattern: string, action: string): boolean {
  const [group, name] = pattern.split("/");
  const [wantedGroup, wantedName] = action.split("/");
  return group === wantedGroup && (name === "*" || name === wantedName);
}
