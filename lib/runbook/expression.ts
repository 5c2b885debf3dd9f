import { HopbookError } from "../errors.js";
import { invalid, type DocumentPath, type SourceDocument } from "../document/index.js";
import { evaluateCel, parseCel, type CelFault } from "../cel/index.js";
import { placeOfInput } from "./load-step.js";
import { hasExpression, splitTemplate, type UnclosedExpression } from "./template.js";
import type { RunbookStep } from "./types.js";

/**
 * What expressions see: `inputs`, `steps` (`{ID: {outputs}}`), `cluster`, `run`, in a matrix step `matrix`, in outputs
 * `result`, in checks `findings`.
 */
export type ExpressionEnv = Readonly<Record<string, unknown>>;

/** Where a value stands, for its errors. */
interface ValuePlace {
  readonly document: SourceDocument;
  readonly path: DocumentPath;
}

/**
 * The value of text with `${{ … }}` in it. An expression that is the whole text keeps its type (objects and
 * lists are passed on as they are); within text it becomes text. What comes out is never evaluated again.
 * Throws HopbookError EXPRESSION_INVALID, with file:line:column where `place` is given.
 */
export function evaluate(template: string, env: ExpressionEnv, place?: ValuePlace): unknown {
  let offset = 0;
  try {
    const parts = splitTemplate(template);
    const values = parts.map((part) => {
      if (part.kind === "text") return part.text;
      offset = part.offset;
      return evaluateCel(parseCel(part.source), env);
    });
    if (parts.length === 1) return values[0];
    return values.map(toText).join("");
  } catch (error) {
    // Text without an end has no length of its own.
    const { message, offset: inner, length = 0 } = error as CelFault | UnclosedExpression;
    throw expressionInvalid({ template, reason: message, offset: offset + inner, length }, place);
  }
}

/** Evaluates every expression in a value, deep; keys are not evaluated. A key whose value becomes null by
 * an expression is left out. Throws EXPRESSION_INVALID. */
export function interpolateValue(value: unknown, env: ExpressionEnv, place: ValuePlace): unknown {
  const { document, path } = place;
  if (hasExpression(value)) return evaluate(value, env, place);
  if (Array.isArray(value)) {
    return value.map((item, index) => interpolateValue(item, env, { document, path: [...path, index] }));
  }
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value)
    .map(([key, inner]) => {
      const result = interpolateValue(inner, env, { document, path: [...path, key] });
      return { key, result, leftOut: result === null && hasExpression(inner) };
    })
    .filter(({ leftOut }) => !leftOut);
  return Object.fromEntries(entries.map(({ key, result }) => [key, result]));
}

/**
 * What a step is given, evaluated. Of `run:` the words are text: one whose expression gives a list stands for its
 * items, one that gives null is left out. Throws EXPRESSION_INVALID.
 */
export function interpolate(
  step: RunbookStep,
  env: ExpressionEnv,
  document: SourceDocument,
): Record<string, unknown> {
  const entries = Object.entries(step.with)
    .map(([key, value]) => {
      const place = { document, path: placeOfInput(step, [key]) };
      const result = interpolateValue(value, env, place);
      return { key, result, leftOut: result === null && hasExpression(value) };
    })
    .filter(({ leftOut }) => !leftOut);
  const values = Object.fromEntries(entries.map(({ key, result }) => [key, result]));
  if (step.form === "run") return { ...values, argv: toWords(values["argv"] as readonly unknown[]) };
  if (step.form !== "script") return values;
  return { ...values, file: step.with["file"], env: toTexts(values["env"] as Record<string, unknown>) };
}

function toWords(words: readonly unknown[]): string[] {
  return words
    .flat()
    .filter((word) => word !== null)
    .map(toText);
}

function toTexts(values: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toText(value)]));
}

/**
 * The values of each name of a step's matrix, evaluated. An empty list makes no combination.
 * Throws EXPRESSION_INVALID where one gives no list.
 */
export function interpolateMatrix(
  step: RunbookStep,
  env: ExpressionEnv,
  document: SourceDocument,
): Record<string, readonly unknown[]> {
  const entries = Object.entries(step.strategy?.matrix ?? {}).map(([name, values]) => {
    const place = { document, path: [...step.path, "strategy", "matrix", name] };
    const list = interpolateValue(values, env, place);
    if (Array.isArray(list)) return [name, list as readonly unknown[]] as const;
    const fault = {
      template: values as string,
      reason: `a matrix needs a list, and this is ${JSON.stringify(list)}`,
      offset: 0,
    };
    throw expressionInvalid(fault, place);
  });
  return Object.fromEntries(entries);
}

/** The outputs that a step names itself; `env` has `result` beside what the step sees. Throws EXPRESSION_INVALID. */
export function evaluateOutputs(
  step: RunbookStep,
  env: ExpressionEnv,
  document: SourceDocument,
): Record<string, unknown> {
  const entries = Object.entries(step.outputs).map(
    ([name, value]) =>
      [name, interpolateValue(value, env, { document, path: [...step.path, "outputs", name] })] as const,
  );
  return Object.fromEntries(entries);
}

/**
 * Whether a step (or an outcome) is wanted: its `if` is true, or it has none. Throws EXPRESSION_INVALID
 * where the expression gives no boolean.
 */
export function evaluateCondition(
  subject: { readonly if: string | undefined; readonly path: DocumentPath },
  env: ExpressionEnv,
  document: SourceDocument,
): boolean {
  if (subject.if === undefined) return true;
  const place = { document, path: [...subject.path, "if"] };
  const value = evaluate(subject.if, env, place);
  if (typeof value === "boolean") return value;
  const reason = `a condition must be true or false, is ${JSON.stringify(value)}`;
  throw expressionInvalid({ template: subject.if, reason, offset: 0 }, place);
}

function toText(value: unknown): string {
  if (typeof value === "string") return value;
  return value === null ? "" : JSON.stringify(value);
}

function expressionInvalid(
  fault: {
    readonly template: string;
    readonly reason: string;
    readonly offset: number;
    readonly length?: number;
  },
  place: ValuePlace | undefined,
): HopbookError {
  const message = `Cannot evaluate ${JSON.stringify(fault.template)}: ${fault.reason}`;
  const hint = "Expressions are CEL: see the inputs, and the outputs of the steps before";
  if (place === undefined) return new HopbookError("EXPRESSION_INVALID", message, { hint });
  const { document, path } = place;
  const part = { offset: fault.offset, length: fault.length ?? 0 };
  const { where, detail } = invalid(document, [{ path, message: fault.reason, part }]);
  return new HopbookError("EXPRESSION_INVALID", message, {
    hint,
    ...(where && { where }),
    ...(detail && { detail }),
  });
}
