import type { Problem, ProblemRule } from "../document/index.js";
import { findExpressionProblems, type CheckContext as ExpressionContext } from "./expressions-check.js";
import { findSpecFaults, readDefault } from "./input-values.js";
import { findStepKindProblems } from "./kinds.js";
import { findMisplaced } from "./misplaced.js";
import { findFlagProblems } from "./reserved-flags.js";
import { findSecretProblems } from "./secrets-check.js";
import { findFormProblems, findReserved, findStepProblems } from "./steps-check.js";
import type { CheckOutcome, InputSpec, Runbook } from "./types.js";

type Path = Problem["path"];

interface CheckContext extends ExpressionContext {
  /** The file's data, without what does not fit the schema. */
  readonly data: unknown;
}

/** What a schema cannot say: names used twice, references to nothing, types, defaults that do not fit. */
export function findRunbookProblems(runbook: Runbook, context: CheckContext): Problem[] {
  const { unreadable, kinds } = context;
  const steps = [...runbook.steps, ...runbook.finally];
  const readable = steps.filter((step) => !unreadable.steps.has(step));
  const forms = readable.map((step) => findFormProblems(stepData(context.data, step.path), step.path));
  // What a step is given is judged where it is clear what the step is.
  const clear = readable.filter((_, index) => forms[index]?.length === 0);
  return [
    ...findInputsProblems(runbook, unreadable.inputs),
    ...findDoubleIds(steps.map(({ id, path }) => ({ id, path: [...path, "id"] }))),
    ...findDoubleIds(
      runbook.checks.map(({ id, outcomes: [first] }) => ({
        id,
        path: [...(first as CheckOutcome).path.slice(0, 2), "id"],
      })),
    ),
    ...forms.flat(),
    ...steps.flatMap(({ id, path }) => findReserved([id], path).map((one) => ({ ...one, ...idOf(path) }))),
    ...findStepProblems(runbook),
    ...(kinds === undefined ? [] : clear.flatMap((step) => findStepKindProblems(step, { runbook, kinds }))),
    ...findExpressionProblems(runbook, context),
    ...findSecretProblems(runbook),
    ...findMisplaced(runbook.document.data),
  ];
}

/** A step as the file has it: which keys it has is not to be seen of what was made of it. */
function stepData(data: unknown, [section, index]: Path): Readonly<Record<string, unknown>> {
  const steps = (data as Record<string, unknown>)[section as string] as Readonly<Record<string, unknown>>[];
  return steps[index as number] as Readonly<Record<string, unknown>>;
}

function idOf(path: Path): Pick<Problem, "path" | "at"> {
  return { path: [...path, "id"], at: "value" };
}

function findInputsProblems(runbook: Runbook, unreadable: ReadonlySet<string>): Problem[] {
  const names = Object.keys(runbook.inputs);
  const flags = names.flatMap((name) => {
    const other = `no${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    if (runbook.inputs[name]?.type !== "boolean" || !names.includes(other)) return [];
    const message = `"${other}" is the flag that turns "${name}" off`;
    const problem: Problem = { path: ["inputs", other], at: "key", message, rule: "reserved-name" };
    return [problem];
  });
  const faults = Object.entries(runbook.inputs)
    .filter(([name]) => !unreadable.has(name))
    .flatMap(([name, spec]) => findInputProblems(name, spec));
  return [...findReserved(names, ["inputs"]), ...findFlagProblems(names), ...flags, ...faults];
}

function findInputProblems(name: string, spec: InputSpec): Problem[] {
  const path: Path = ["inputs", name];
  const toProblems = (faults: ReturnType<typeof findSpecFaults>, at: Path): Problem[] =>
    faults.map(({ key, message, suggestion }) => ({
      path: [...at, key],
      message,
      rule: limitRule(key),
      ...(suggestion !== undefined && { suggestion }),
    }));
  const problems = toProblems(findSpecFaults(spec), path);
  if (spec.items !== undefined) problems.push(...toProblems(findSpecFaults(spec.items), [...path, "items"]));
  if (spec.type === "array" && spec.items === undefined) {
    const message = `the array "${name}" does not say what its items are`;
    problems.push({ path, at: "key", message, suggestion: "add items: {type: string}", rule: "missing-key" });
  }
  if (spec.type !== "array" && spec.items !== undefined) {
    const message = `items are for an array, not for ${spec.type}`;
    problems.push({ path: [...path, "items"], at: "key", message, rule: "conflicting-key" });
  }
  if (spec.required === true && spec.default !== undefined) {
    problems.push({
      path: [...path, "default"],
      at: "key",
      message: `the input "${name}" is required and has a default`,
      suggestion: "leave one of them out",
      rule: "conflicting-key",
    });
  }
  if (problems.length > 0) return problems;
  const reading = readDefault(spec);
  if (!("expected" in reading)) return [];
  const message = `the default of "${name}" does not fit: expected ${reading.expected}`;
  return [{ path: [...path, "default"], message, rule: "invalid-default" }];
}

function limitRule(key: string): ProblemRule {
  return key === "pattern" ? "invalid-pattern" : "invalid-limits";
}

function findDoubleIds(ids: readonly { readonly id: string; readonly path: Path }[]): Problem[] {
  const seen = new Set<string>();
  return ids.flatMap(({ id, path }): Problem[] => {
    if (seen.has(id)) return [{ path, message: `the id "${id}" is used twice`, rule: "duplicate-id" }];
    seen.add(id);
    return [];
  });
}
