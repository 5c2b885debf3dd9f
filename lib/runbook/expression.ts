import { HopbookError } from "../errors.js";
import { invalid, type DocumentPath, type SourceDocument } from "../document/index.js";
import type { CelFault } from "./cel.js";
import { compileCel } from "./cel.js";
import { hasExpression, splitTemplate } from "./template.js";
import type { RunbookStep } from "./types.js";

/** What expressions see: `inputs`, `steps` (`{ID: {outputs}}`), `cluster`, `run`, and `findings` in checks. */
export type ExpressionEnv = Readonly<Record<string, unknown>>;

/** Where a value stands, for its errors. */
export interface ValuePlace {
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
      return compileCel(part.source).run(env);
    });
    if (parts.length === 1) return values[0];
    return values.map(toText).join("");
  } catch (error) {
    const { message, offset: inner } = error as CelFault;
    throw expressionInvalid({ template, reason: message, offset: offset + inner }, place);
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

/** A step's `with`, evaluated. Throws EXPRESSION_INVALID. */
export function interpolate(
  step: RunbookStep,
  env: ExpressionEnv,
  document: SourceDocument,
): Record<string, unknown> {
  return interpolateValue(step.with, env, { document, path: [...step.path, "with"] }) as Record<
    string,
    unknown
  >;
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
  fault: { readonly template: string; readonly reason: string; readonly offset: number },
  place: ValuePlace | undefined,
): HopbookError {
  const message = `Cannot evaluate ${JSON.stringify(fault.template)}: ${fault.reason}`;
  const hint = "Expressions are CEL: see the inputs, and the outputs of the steps before";
  if (place === undefined) return new HopbookError("EXPRESSION_INVALID", message, { hint });
  const { document, path } = place;
  const offset = offsetInLine(place, fault);
  const { where, detail } = invalid(document, [{ path, message: fault.reason, offset }]);
  return new HopbookError("EXPRESSION_INVALID", message, {
    hint,
    ...(where && { where }),
    ...(detail && { detail }),
  });
}

/**
 * How far right of the value's start a fault stands: only known where the value is on one line, and its
 * text is in the file as it is in the data, perhaps behind a quote. Else 0.
 */
export function offsetInLine(
  { document, path }: ValuePlace,
  { template, offset }: { readonly template: string; readonly offset: number },
): number {
  const { line, column } = document.locate(path);
  const text = document.text.split(/\r\n|\r|\n/)[line - 1] as string;
  for (const quote of [0, 1]) {
    if (text.startsWith(template, column - 1 + quote)) return quote + offset;
  }
  return 0;
}
