import type { Problem } from "../document/index.js";
import { EXPRESSION_START, hasExpression } from "./template.js";

type Path = Problem["path"];

/** Keys of a step whose values are evaluated. */
const EVALUATED = new Set(["with", "run", "on", "env", "if", "outputs"]);

/** Expressions where none is evaluated: there they would be taken for plain text. */
export function findMisplaced(data: unknown, path: Path = []): Problem[] {
  if (hasExpression(data) && !isEvaluated(path) && path.at(-1) !== "description") {
    return [{ path, message: "an expression is not evaluated here", rule: "expression-misplaced" }];
  }
  if (typeof data !== "object" || data === null) return [];
  return Object.entries(data).flatMap(([key, inner]) => {
    const innerPath = [...path, Array.isArray(data) ? Number(key) : key];
    const found = findMisplaced(inner, innerPath);
    if (!key.includes(EXPRESSION_START)) return found;
    const message = "an expression is not evaluated in a key";
    return [{ path: innerPath, at: "key", message, rule: "expression-misplaced" }, ...found];
  });
}

function isEvaluated(path: Path): boolean {
  const [section, , key, inner] = path;
  if (section === "steps" || section === "finally") {
    return EVALUATED.has(String(key)) || (key === "strategy" && inner === "matrix");
  }
  const last = path.at(-1);
  return section === "checks" && key === "outcomes" && ["if", "message", "code"].includes(String(last));
}
