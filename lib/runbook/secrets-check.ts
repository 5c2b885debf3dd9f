import type { Problem } from "../document/index.js";
import { CEL_FUNCTIONS, childrenOf, parseCel, readAccess, type AstNode } from "../cel/index.js";
import { placeOfInput } from "./load-step.js";
import { hasExpression, splitTemplate } from "./template.js";
import type { Runbook, RunbookStep } from "./types.js";

type Path = Problem["path"];

/** A value of the runbook, and where it stands. */
type Placed = readonly [value: unknown, path: Path];

/** Operators and macros that give true or false: of what they look at no more than that is to be seen. */
const ANSWERS = ["==", "!=", "<", "<=", ">", ">=", "in"];
const ANSWERING: ReadonlySet<string> = new Set([
  ...["has", "all", "exists", "exists_one", "existsOne"],
  ...CEL_FUNCTIONS.flatMap(({ signatures }) =>
    signatures.every(({ returns }) => returns.name === "bool") ? signatures.map(({ name }) => name) : [],
  ),
]);

/**
 * Secret inputs whose value an expression gives to a command, a step kind, a matrix, an output or a message: there
 * process lists, files and the terminal show it. A script's `env` may have it, and a condition may ask about it.
 */
export function findSecretProblems({ inputs, steps, finally: last, checks }: Runbook): Problem[] {
  const secrets = new Set(Object.keys(inputs).filter((name) => inputs[name]?.secret === true));
  if (secrets.size === 0) return [];
  const placed = [
    ...[...steps, ...last].flatMap(placesOfStep),
    ...checks.flatMap(({ outcomes }) =>
      outcomes.flatMap(({ message, code, path }): Placed[] => [
        [message, [...path, "message"]],
        ...(code === undefined ? [] : [[code, [...path, "code"]] as const]),
      ]),
    ),
  ];
  return placed.flatMap(([value, path]) => visit(value, path, secrets));
}

function placesOfStep(step: RunbookStep): Placed[] {
  const given = Object.entries(step.with).map(([key, value]): Placed => [value, placeOfInput(step, [key])]);
  return [
    ...(step.form === "script" ? [] : given),
    [step.strategy?.matrix, [...step.path, "strategy", "matrix"]],
    [step.outputs, [...step.path, "outputs"]],
  ];
}

function visit(value: unknown, path: Path, secrets: ReadonlySet<string>): Problem[] {
  if (hasExpression(value)) return findInTemplate(value, path, secrets);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    visit(inner, [...path, Array.isArray(value) ? Number(key) : key], secrets),
  );
}

function findInTemplate(template: string, path: Path, secrets: ReadonlySet<string>): Problem[] {
  try {
    return splitTemplate(template).flatMap((part) =>
      part.kind === "text"
        ? []
        : findExposed(parseCel(part.source), secrets).map(({ start, end }): Problem => ({
            path,
            part: { offset: part.offset + start, length: end - start },
            message: "this is the value of a secret input, and here it would be seen",
            suggestion: "give it to a script, in its env",
            rule: "exposed-secret",
          })),
    );
  } catch {
    // It does not parse, which is told already.
    return [];
  }
}

/** The nodes by which the value of a secret gets into what the expression gives. */
function findExposed(node: AstNode, secrets: ReadonlySet<string>): AstNode[] {
  if (isAnswer(node)) return [];
  const { root, keys } = readAccess(node);
  const [name] = keys;
  const computed = keys.flatMap((key) => (typeof key === "string" ? [] : findExposed(key, secrets)));
  if (root.kind === "name" && root.name === "inputs") {
    // All of them at once, or one whose name is computed.
    const isExposed = typeof name === "string" ? secrets.has(name) : true;
    return isExposed ? [node, ...computed] : computed;
  }
  if (root !== node) return [...findExposed(root, secrets), ...computed];
  const children = node.kind === "conditional" ? [node.then, node.otherwise] : childrenOf(node);
  return children.flatMap((child) => findExposed(child, secrets));
}

function isAnswer(node: AstNode): boolean {
  if (node.kind === "binary") return ANSWERS.includes(node.operator);
  if (node.kind === "logic") return true;
  return node.kind === "unary" ? node.operator === "!" : node.kind === "call" && ANSWERING.has(node.name);
}
