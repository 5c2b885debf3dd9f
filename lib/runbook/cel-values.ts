import type { Parameter } from "./cel-functions.js";

/** Binary operators whose two sides are evaluated first. */
export type Operator = "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "+" | "-" | "*" | "/" | "%";

/** What a value is, in the words of the reference. */
export function nameOf(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "list";
  switch (typeof value) {
    case "boolean":
      return "bool";
    case "number":
      return Number.isInteger(value) ? "int" : "double";
    case "object":
      return "map";
    default:
      return typeof value;
  }
}

/** Whether a value can be given for a parameter. */
export function isA(value: unknown, parameter: Parameter): boolean {
  const name = nameOf(value);
  switch (parameter) {
    case "any":
      return true;
    case "scalar":
      return ["string", "int", "double", "bool"].includes(name);
    case "list<string>":
      return Array.isArray(value) && value.every((item) => typeof item === "string");
    default:
      return name === parameter;
  }
}

/** Whether two values are the same, deep. Calls `count` for every pair that is compared. */
export function isEqual(a: unknown, b: unknown, count: () => void): boolean {
  count();
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => isEqual(item, b[index], count));
  }
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  return keys.every((key) => Object.hasOwn(right, key) && isEqual(left[key], right[key], count));
}

/** Arithmetic and order of two values. Throws Error with the reason. */
export function applyOperator(
  operator: Exclude<Operator, "==" | "!=" | "in">,
  a: unknown,
  b: unknown,
): unknown {
  if (typeof a === "number" && typeof b === "number") return applyToNumbers(operator, a, b);
  if (typeof a === "string" && typeof b === "string") {
    if (operator === "+") return a + b;
    const order = compare(operator, a, b);
    if (order !== undefined) return order;
  }
  if (Array.isArray(a) && Array.isArray(b) && operator === "+")
    return [...(a as unknown[]), ...(b as unknown[])];
  throw new Error(`there is no ${nameOf(a)} ${operator} ${nameOf(b)}`);
}

function applyToNumbers(operator: string, a: number, b: number): unknown {
  const order = compare(operator, a, b);
  if (order !== undefined) return order;
  const value = compute(operator, a, b);
  if (Number.isInteger(a) && Number.isInteger(b) && operator !== "/" && !Number.isSafeInteger(value)) {
    throw new Error(`${a} ${operator} ${b} is too large a number`);
  }
  if (!Number.isFinite(value)) throw new Error(`${a} ${operator} ${b} is too large a number`);
  return value;
}

function compute(operator: string, a: number, b: number): number {
  if (operator === "+") return a + b;
  if (operator === "-") return a - b;
  if (operator === "*") return a * b;
  if (b === 0) throw new Error("division by zero");
  return operator === "/" ? a / b : a % b;
}

function compare<T extends string | number>(operator: string, a: T, b: T): boolean | undefined {
  switch (operator) {
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    case ">=":
      return a >= b;
    default:
      return undefined;
  }
}
