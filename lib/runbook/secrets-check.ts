import type { Problem } from "../document/index.js";
import { childrenOf, parseCel, type ASTNode } from "./cel.js";
import { CEL_FUNCTIONS } from "./cel-functions.js";
import { placeOfInput } from "./load-step.js";
import { hasExpression, splitTemplate } from "./template.js";
import type { Runbook, RunbookStep } from "./types.js";

type Path = Problem["path"];

/** A value of the runbook, and where it stands. */
type Placed = readonly [value: unknown, path: Path];

/** Operators and macros that give true or false: of what they look at no more than that is to be seen. */
const ANSWERS = ["==", "!=", "<", "<=", ">", ">=", "in", "&&", "||", "!_"];
const ANSWERING: ReadonlySet<string> = new Set([
  ...["has", "all", "exists", "exists_one"],
  ...CEL_FUNCTIONS.filter(({ returns }) => returns === "bool").map(({ name }) => name),
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
      outcomes.map(({ message, path }): Placed => [message, [...path, "message"]]),
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
function findExposed(node: ASTNode, secrets: ReadonlySet<string>): ASTNode[] {
  if (ANSWERS.includes(node.op)) return [];
  if ((node.op === "call" || node.op === "rcall") && ANSWERING.has(node.args[0])) return [];
  const name = inputOf(node);
  if (name !== undefined) return secrets.has(name) ? [node] : [];
  // All of them at once, or one whose name is computed.
  if (node.op === "id") return node.args === "inputs" ? [node] : [];
  const children = childrenOf(node);
  const giving = node.op === "?:" ? children.slice(1) : children;
  return giving.flatMap((child) => findExposed(child, secrets));
}

/** The input that a node reads by its name: `inputs.NAME`, `inputs["NAME"]`. */
function inputOf(node: ASTNode): string | undefined {
  if (node.op !== "." && node.op !== "[]") return undefined;
  const [owner, key] = node.args;
  if (owner.op !== "id" || owner.args !== "inputs") return undefined;
  if (typeof key === "string") return key;
  return key.op === "value" && typeof key.args === "string" ? key.args : undefined;
}
