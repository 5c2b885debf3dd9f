import type { Problem } from "../document/index.js";
import {
  checkCel,
  DYN,
  listOf,
  nameType,
  objectOf,
  parseCel,
  STRING,
  unifyAll,
  type CelFault,
  type CelScope,
  type CelType,
  type ExpressionFault,
} from "../cel/index.js";
import { typeOfValue } from "./schema-types.js";
import { hasExpression, splitTemplate, type TemplatePart, type UnclosedExpression } from "./template.js";

type Path = Problem["path"];

/** A value of the runbook with what its expressions are, at its place. */
interface Checked {
  readonly type: CelType;
  readonly problems: readonly Problem[];
}

/** The type of a text with expressions in it: of one that is the whole text its own, else text. */
export function checkTemplate(template: string, scope: CelScope, path: Path): Checked {
  let parts: readonly TemplatePart[];
  try {
    parts = splitTemplate(template);
  } catch (error) {
    const { message, offset, length } = error as UnclosedExpression;
    const fault = { message, offset, length, rule: "expression-syntax" } as const;
    return { type: DYN, problems: [toProblem(fault, 0, path)] };
  }
  const problems: Problem[] = [];
  const types = parts.map((part) => {
    if (part.kind === "text") return STRING;
    const { type, faults } = checkSource(part.source, scope);
    problems.push(...faults.map((fault) => toProblem(fault, part.offset, path)));
    return type;
  });
  const [only = STRING] = types;
  return { type: problems.length > 0 ? DYN : types.length === 1 ? only : STRING, problems };
}

function checkSource(
  source: string,
  scope: CelScope,
): { readonly type: CelType; readonly faults: readonly ExpressionFault[] } {
  try {
    return checkCel(parseCel(source), scope);
  } catch (error) {
    const { message, offset, length, rule } = error as CelFault;
    return { type: DYN, faults: [{ message, offset, length, rule }] };
  }
}

function toProblem({ offset, length, ...fault }: ExpressionFault, from: number, path: Path): Problem {
  return { ...fault, path, part: { offset: from + offset, length } };
}

/** The same for any value, deep. */
export function checkValue(value: unknown, scope: CelScope, path: Path): Checked {
  if (hasExpression(value)) return checkTemplate(value, scope, path);
  if (Array.isArray(value)) {
    const items = value.map((item, index) => checkValue(item, scope, [...path, index]));
    return { type: listOf(unifyAll(items.map(({ type }) => type))), problems: items.flatMap(problemsOf) };
  }
  if (typeof value !== "object" || value === null) return { type: typeOfValue(value), problems: [] };
  const entries = Object.entries(value).map(
    ([key, inner]) => [key, checkValue(inner, scope, [...path, key])] as const,
  );
  const types = Object.fromEntries(entries.map(([key, { type }]) => [key, type]));
  return { type: objectOf(types), problems: entries.flatMap(([, checked]) => problemsOf(checked)) };
}

function problemsOf({ problems }: Checked): readonly Problem[] {
  return problems;
}

/** Where the first expression of a text stands, for what is wrong with all of it. */
export function wholeOf(template: string): NonNullable<Problem["part"]> {
  const offset = template.indexOf("${{");
  const end = template.lastIndexOf("}}");
  return { offset, length: Math.max(0, end + 2 - offset) };
}

/** A condition: one expression, nothing beside it, that gives true or false. */
export function checkCondition(template: string, scope: CelScope, path: Path): readonly Problem[] {
  const { type, problems } = checkTemplate(template, scope, path);
  if (problems.length > 0) return problems;
  const parts = splitTemplate(template);
  if (parts.length > 1) {
    const message = "a condition is one expression and nothing beside it";
    return [{ path, message, suggestion: "join with && or ||", rule: "expression-form" }];
  }
  if (type.kind === "dyn" || (type.kind === "bool" && type.nullable !== true)) return [];
  const suggestion = type.kind === "bool" ? { suggestion: "give it a default, or compare it: == true" } : {};
  const message = `a condition must be true or false, and this gives ${nameType(type)}`;
  return [{ path, part: wholeOf(template), message, rule: "expression-type", ...suggestion }];
}
