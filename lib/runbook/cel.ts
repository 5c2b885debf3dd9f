import { Environment, type ASTNode, type ParseResult } from "@marcbachmann/cel-js";
import { matchBounded } from "./match.js";

/** The names that expressions may begin with. */
export const ROOTS = ["inputs", "steps", "cluster", "run", "findings"] as const;

const MAX_EXPRESSION_LENGTH = 4096;
const MAX_CACHED = 1000;
/** Each level multiplies the time by the length of its list, and nothing else bounds that. */
const MAX_NESTED_LOOPS = 3;
const LOOPS = new Set<unknown>(["all", "exists", "exists_one", "map", "filter"]);
/** cel-js has its own `matches`, which is unbounded and cannot be replaced: calls are sent to this one. */
const BOUNDED_MATCHES = "hopbookMatches";

/** What is wrong with an expression, and at which of its characters. */
export class CelFault extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

export interface Compiled {
  readonly ast: ASTNode;
  /** CEL's name of the type it gives; `dyn` where that is known only at run time. */
  readonly type: string;
  readonly run: (env: Readonly<Record<string, unknown>>) => unknown;
}

let environment: Environment | undefined;
const cache = new Map<string, Compiled>();

/** Parses and type-checks CEL. Throws CelFault. */
export function compileCel(source: string): Compiled {
  const known = cache.get(source);
  if (known !== undefined) return known;
  if (source.length > MAX_EXPRESSION_LENGTH) {
    throw new CelFault(
      `the expression has ${source.length} characters, more than ${MAX_EXPRESSION_LENGTH}`,
      0,
    );
  }
  if (source.trim() === "") throw new CelFault("the expression is empty", 0);
  environment ??= makeEnvironment();
  const parsed = inCel(() => (environment as Environment).parse(source));
  if (nestedLoops(parsed.ast) > MAX_NESTED_LOOPS) {
    throw new CelFault(`loops stand within loops, more than ${MAX_NESTED_LOOPS} deep`, 0);
  }
  redirectMatches(parsed.ast);
  const { type = "dyn", error } = parsed.check();
  if (error !== undefined) throw toFault(error);
  const compiled: Compiled = { ast: parsed.ast, type, run: (env) => runCel(parsed, env) };
  if (cache.size >= MAX_CACHED) cache.clear();
  cache.set(source, compiled);
  return compiled;
}

/** Calls `visit` for a node and everything in it. */
export function walkAst(node: ASTNode, visit: (node: ASTNode) => void): void {
  visit(node);
  for (const child of [node.args].flat(3) as unknown[]) {
    if (isNode(child)) walkAst(child, visit);
  }
}

function nestedLoops(node: ASTNode): number {
  const inner = ([node.args].flat(3) as unknown[]).filter(isNode).map(nestedLoops);
  return Math.max(0, ...inner) + (node.op === "rcall" && LOOPS.has(node.args[0]) ? 1 : 0);
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === "object" && value !== null && "op" in value;
}

function runCel(parsed: ParseResult, env: Readonly<Record<string, unknown>>): unknown {
  return toPlain(inCel(() => parsed({ ...env }) as unknown));
}

function inCel<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw toFault(error as CelError);
  }
}

/** What cel-js throws; a function's own error has neither range nor summary. */
type CelError = Error & { readonly summary?: string; readonly range?: { readonly start: number } };

function toFault(error: CelError): CelFault {
  return new CelFault(error.summary ?? error.message, error.range?.start ?? 0);
}

/**
 * Numbers from JSON are doubles to cel-js and literals are ints, and CEL has no arithmetic between them;
 * here `inputs.count + 1` is meant to work, so mixed arithmetic gives a double.
 */
function makeEnvironment(): Environment {
  const made = new Environment({
    homogeneousAggregateLiterals: false,
    limits: {
      maxAstNodes: 1000,
      maxDepth: 60,
      maxListElements: 200,
      maxMapEntries: 200,
      maxCallArguments: 8,
    },
  });
  for (const root of ROOTS) made.registerVariable(root, "dyn");
  const operators: Record<string, (a: number, b: number) => number> = {
    "+": (a, b) => a + b,
    "-": (a, b) => a - b,
    "*": (a, b) => a * b,
    "/": (a, b) => a / b,
    "%": (a, b) => a % b,
  };
  for (const [sign, compute] of Object.entries(operators)) {
    const handler = (a: unknown, b: unknown): number => compute(Number(a), Number(b));
    made.registerOperator(`double ${sign} int: double`, handler);
    made.registerOperator(`int ${sign} double: double`, handler);
  }
  made.registerOperator("double % double: double", (a: number, b: number) => a % b);
  made.registerOperator("double == int: bool", (a: number, b: bigint) => a === Number(b));
  made.registerFunction(`string.${BOUNDED_MATCHES}(string): bool`, matchBounded);
  return made;
}

function redirectMatches(ast: ASTNode): void {
  walkAst(ast, (node) => {
    if (node.op === "rcall" && node.args[0] === "matches") node.args[0] = BOUNDED_MATCHES;
  });
}

/**
 * CEL's values as JSON's: ints (BigInt) become numbers, times RFC 3339. What is plain already stays the very
 * same object. Throws CelFault for what JSON has no word for.
 */
function toPlain(value: unknown): unknown {
  if (typeof value === "bigint") return toNumber(value);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return keepUnlessChanged(value, value.map(toPlain));
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) {
    throw new CelFault(
      `its value is a ${value.constructor.name}, which has no plain form; use string(…) or int(…)`,
      0,
    );
  }
  const entries = Object.entries(value).map(([key, inner]) => [key, toPlain(inner)] as const);
  const changed = entries.some(([key, inner]) => inner !== (value as Record<string, unknown>)[key]);
  return changed ? Object.fromEntries(entries) : value;
}

function keepUnlessChanged(before: readonly unknown[], after: readonly unknown[]): readonly unknown[] {
  return after.some((item, index) => item !== before[index]) ? after : before;
}

function toNumber(value: bigint): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new CelFault(`its value ${value} is too large for a number`, 0);
}
