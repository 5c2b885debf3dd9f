import { Environment, type ASTNode } from "@marcbachmann/cel-js";
import type { ProblemRule } from "../document/index.js";

export type { ASTNode } from "@marcbachmann/cel-js";

const MAX_EXPRESSION_LENGTH = 4096;
const MAX_CACHED = 1000;

/** What is wrong with an expression, and at which of its characters. */
export interface ExpressionFault {
  readonly message: string;
  readonly offset: number;
  readonly length: number;
  readonly suggestion?: string;
  readonly rule: ProblemRule;
}

/** Thrown where an expression does not parse or evaluate. */
export class CelFault extends Error {
  readonly offset: number;
  readonly length: number;
  readonly rule: ProblemRule;

  constructor(
    message: string,
    place: { readonly start: number; readonly end: number },
    rule: ProblemRule = "expression-syntax",
  ) {
    super(message);
    this.offset = place.start;
    this.length = Math.max(0, place.end - place.start);
    this.rule = rule;
  }
}

let environment: Environment | undefined;
const cache = new Map<string, ASTNode>();

/**
 * The syntax tree of a CEL expression. The package parses, and that is all it does: its checker stops at the first
 * error and knows no null beside another type, and its evaluator can't be bounded. Throws CelFault.
 */
export function parseCel(source: string): ASTNode {
  const known = cache.get(source);
  if (known !== undefined) return known;
  const whole = { start: 0, end: source.length };
  if (source.length > MAX_EXPRESSION_LENGTH) {
    throw new CelFault(
      `the expression has ${source.length} characters, more than ${MAX_EXPRESSION_LENGTH}`,
      whole,
    );
  }
  if (source.trim() === "") throw new CelFault("the expression is empty", whole);
  const ast = parse(source);
  walkAst(ast, refuseLiteral);
  if (cache.size >= MAX_CACHED) cache.clear();
  cache.set(source, ast);
  return ast;
}

/** Calls `visit` for a node and everything in it. */
export function walkAst(node: ASTNode, visit: (node: ASTNode) => void): void {
  visit(node);
  for (const child of childrenOf(node)) walkAst(child, visit);
}

/** The nodes right within a node. */
export function childrenOf(node: ASTNode): ASTNode[] {
  return ([node.args].flat(3) as unknown[]).filter(isNode);
}

/** What an access begins at, and the keys that lead on from there: a node where one is computed. */
export function readAccess(node: ASTNode): {
  readonly root: ASTNode;
  readonly keys: readonly (string | ASTNode)[];
} {
  const keys: (string | ASTNode)[] = [];
  let root = node;
  while (root.op === "." || root.op === "[]" || root.op === ".?" || root.op === "[?]") {
    const [owner, key]: readonly [ASTNode, string | ASTNode] = root.args;
    keys.unshift(
      typeof key !== "string" && key.op === "value" && typeof key.args === "string" ? key.args : key,
    );
    root = owner;
  }
  return { root, keys };
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === "object" && value !== null && "op" in value;
}

function parse(source: string): ASTNode {
  environment ??= new Environment({
    limits: {
      maxAstNodes: 1000,
      maxDepth: 60,
      maxListElements: 200,
      maxMapEntries: 200,
      maxCallArguments: 8,
    },
  });
  try {
    return environment.parse(source).ast;
  } catch (error) {
    const { summary, range } = error as ParseFailure;
    throw new CelFault(describeSyntax(summary), range);
  }
}

/** What the package throws of a text that it does not parse. */
interface ParseFailure {
  readonly summary: string;
  readonly range: { readonly start: number; readonly end: number };
}

function describeSyntax(summary: string): string {
  if (summary === "Unexpected token: EOF") return "the expression ends too early";
  return summary.charAt(0).toLowerCase() + summary.slice(1);
}

/** Data is JSON: there is no place for what JSON has no word for. */
function refuseLiteral(node: ASTNode): void {
  if (node.op !== "value") return;
  const value: unknown = node.args;
  if (typeof value === "bigint" && !Number.isSafeInteger(Number(value))) {
    throw new CelFault(`the number ${value} is too large`, node, "out-of-range");
  }
  if (typeof value === "object" && value !== null) {
    const what = value instanceof Uint8Array ? "bytes" : "unsigned numbers";
    throw new CelFault(`there are no ${what} here; write text or a plain number`, node);
  }
}
