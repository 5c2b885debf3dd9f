import { CelFault, type ASTNode } from "./cel.js";
import { CEL_FUNCTIONS, costOf } from "./cel-functions.js";
import { readBind, readHas, readLoop, type Loop } from "./cel-macros.js";
import { compilePattern, PatternFault, workOfMatch } from "./match.js";
import { applyOperator, isA, isEqual, nameOf, type Operator } from "./cel-values.js";

/** One evaluation's work, in nodes of the expression; some 10 ms of it. */
const MAX_STEPS = 100_000;
/** What an expression may make; what data holds is passed on whatever its size. */
const MAX_TEXT_LENGTH = 1_000_000;
const MAX_LIST_LENGTH = 100_000;
const MAX_PARTS = 250_000;

/** What a match does at worst within the time of a step. */
const MATCH_WORK_PER_STEP = 64;

/** The work is too much: no `||` beside it makes that good. */
class TooMuch extends CelFault {}

/** The names that macros have bound, innermost first. */
interface Locals {
  readonly name: string;
  readonly value: unknown;
  readonly outer: Locals | undefined;
}

/**
 * The value of an expression. It is a function of `env` alone, and its work is bounded by steps, not by the clock, so
 * that it is the same on a machine that is busy. Throws CelFault.
 */
export function evaluateCel(ast: ASTNode, env: Readonly<Record<string, unknown>>): unknown {
  const value = new Evaluation(env).run(ast, undefined);
  // What is data is passed on as it is.
  if (ast.op !== "id" && ast.op !== "." && countParts(value, MAX_PARTS) === MAX_PARTS) {
    throw new CelFault(`its value has more than ${MAX_PARTS} parts`, ast, "out-of-range");
  }
  return value;
}

/** Parts of a value, deep, up to a number: a small expression can nest the same list into itself 2^60 times. */
function countParts(value: unknown, most: number): number {
  if (typeof value !== "object" || value === null) return 1;
  let count = 1;
  for (const part of Object.values(value)) {
    if (count >= most) return most;
    count += countParts(part, most - count);
  }
  return Math.min(count, most);
}

class Evaluation {
  readonly #env: Readonly<Record<string, unknown>>;
  #steps = 0;

  constructor(env: Readonly<Record<string, unknown>>) {
    this.#env = env;
  }

  run(node: ASTNode, locals: Locals | undefined): unknown {
    this.#count(node, 1);
    switch (node.op) {
      case "value":
        return typeof node.args === "bigint" ? Number(node.args) : node.args;
      case "id":
        return this.#lookUp(node, node.args, locals);
      case ".":
      case ".?":
        return readProperty(this.run(node.args[0], locals), node.args[1], node);
      case "[]":
      case "[?]":
        return readProperty(this.run(node.args[0], locals), this.run(node.args[1], locals), node.args[1]);
      case "list":
        return node.args.map((item) => this.run(item, locals));
      case "map":
        return this.#makeMap(node.args, locals);
      case "?:":
        return this.run(this.#test(node.args[0], locals) ? node.args[1] : node.args[2], locals);
      case "&&":
        return this.#decide(node.args, locals, false);
      case "||":
        return this.#decide(node.args, locals, true);
      case "!_":
        return !this.#test(node.args, locals);
      case "-_":
        return this.#negate(node.args, locals);
      case "call":
      case "rcall":
        return this.#call(node, locals);
      default:
        return this.#operate(node, locals);
    }
  }

  #count(node: ASTNode, steps: number): void {
    this.#steps += steps;
    if (this.#steps > MAX_STEPS) {
      throw new TooMuch("the expression takes too long: its loops make too many steps", node, "out-of-range");
    }
  }

  #lookUp(node: ASTNode, name: string, locals: Locals | undefined): unknown {
    for (let local = locals; local !== undefined; local = local.outer) {
      if (local.name === name) return local.value;
    }
    if (Object.hasOwn(this.#env, name)) return this.#env[name];
    throw new CelFault(`there is no ${name} here`, node, "unknown-variable");
  }

  #makeMap(entries: readonly (readonly [ASTNode, ASTNode])[], locals: Locals | undefined): unknown {
    const pairs = entries.map(([key, value]) => {
      const name = this.run(key, locals);
      if (typeof name !== "string") {
        throw new CelFault(`a map's keys are text, not ${nameOf(name)}`, key, "expression-type");
      }
      if (name === "__proto__") throw new CelFault('the key "__proto__" is not allowed', key, "invalid-key");
      return [name, this.run(value, locals)] as const;
    });
    return Object.fromEntries(pairs);
  }

  #test(node: ASTNode, locals: Locals | undefined): boolean {
    const value = this.run(node, locals);
    if (typeof value === "boolean") return value;
    throw new CelFault(`true or false is wanted here, not ${nameOf(value)}`, node, "expression-type");
  }

  /** `&&` and `||`: the side that decides makes good an error of the other one. */
  #decide(
    [left, right]: readonly [ASTNode, ASTNode],
    locals: Locals | undefined,
    deciding: boolean,
  ): boolean {
    let failure: CelFault | undefined;
    try {
      if (this.#test(left, locals) === deciding) return deciding;
    } catch (error) {
      if (error instanceof TooMuch) throw error;
      failure = error as CelFault;
    }
    const value = this.#test(right, locals);
    if (failure !== undefined && value !== deciding) throw failure;
    return value;
  }

  #negate(node: ASTNode, locals: Locals | undefined): number {
    const value = this.run(node, locals);
    if (typeof value === "number") return value === 0 ? 0 : -value;
    throw new CelFault(`there is no minus of ${nameOf(value)}`, node, "expression-type");
  }

  #operate(node: ASTNode, locals: Locals | undefined): unknown {
    const [left, right] = node.args as [ASTNode, ASTNode];
    const [a, b] = [this.run(left, locals), this.run(right, locals)];
    const operator = node.op as Operator;
    const count = (): void => this.#count(node, 1);
    if (operator === "==") return isEqual(a, b, count);
    if (operator === "!=") return !isEqual(a, b, count);
    if (operator === "in") {
      if (Array.isArray(b)) return b.some((item) => isEqual(a, item, count));
      if (nameOf(b) === "map") return typeof a === "string" && Object.hasOwn(b as object, a);
      throw new CelFault(`there is no ${nameOf(a)} in ${nameOf(b)}`, node, "expression-type");
    }
    this.#count(node, costOf([a, b]));
    return this.#guard(node, () => applyOperator(operator, a, b));
  }

  /** Runs what may throw a reason, and bounds what it makes. */
  #guard(node: ASTNode, body: () => unknown): unknown {
    let value: unknown;
    try {
      value = body();
    } catch (error) {
      throw new CelFault((error as Error).message, node, "expression-type");
    }
    if (typeof value === "string" && value.length > MAX_TEXT_LENGTH) {
      throw new TooMuch(`the text would have ${value.length} characters`, node, "out-of-range");
    }
    if (Array.isArray(value) && value.length > MAX_LIST_LENGTH) {
      throw new TooMuch(`the list would have ${value.length} items`, node, "out-of-range");
    }
    return value;
  }

  #call(node: ASTNode & { readonly op: "call" | "rcall" }, locals: Locals | undefined): unknown {
    const asked = readHas(node);
    if (asked !== undefined) return this.#has(asked, locals);
    const bind = readBind(node);
    if (bind !== undefined) {
      const value = this.run(bind.value, locals);
      return this.run(bind.body, { name: bind.variable, value, outer: locals });
    }
    const loop = readLoop(node);
    if (loop !== undefined) return this.#loop(loop, locals);
    const isMethod = node.op === "rcall";
    const nodes = isMethod ? [node.args[1], ...node.args[2]] : node.args[1];
    const values = nodes.map((argument) => this.run(argument, locals));
    this.#count(node, costOf(values));
    const [name] = node.args;
    const found = CEL_FUNCTIONS.find(({ receiver, parameters, ...one }) => {
      if (one.name !== name || (receiver !== undefined) !== isMethod) return false;
      const wanted = receiver === undefined ? parameters : [receiver, ...parameters];
      return (
        wanted.length === values.length && wanted.every((parameter, index) => isA(values[index], parameter))
      );
    });
    if (found?.name === "matches") return this.#match(node, values as [string, string]);
    if (found !== undefined) return this.#guard(node, () => found.run(...(values as never[])));
    const given = values.map(nameOf);
    const shown = isMethod
      ? `${given[0] as string}.${name}(${given.slice(1).join(", ")})`
      : `${name}(${given.join(", ")})`;
    throw new CelFault(`there is no function ${shown}`, node, "unknown-function");
  }

  #match(node: ASTNode, [text, pattern]: readonly [string, string]): boolean {
    try {
      const program = compilePattern(pattern);
      this.#count(node, workOfMatch(program, text) / MATCH_WORK_PER_STEP);
      return program.test(text);
    } catch (error) {
      if (error instanceof PatternFault) throw new CelFault(error.message, node, "expression-value");
      throw error;
    }
  }

  #has(asked: ASTNode & { readonly op: "." }, locals: Locals | undefined): boolean {
    const owner = this.run(asked.args[0], locals);
    if (nameOf(owner) !== "map") {
      throw new CelFault(`${nameOf(owner)} has no properties`, asked, "expression-type");
    }
    return Object.hasOwn(owner as object, asked.args[1]);
  }

  #loop({ name, range, variable, condition, transform }: Loop, locals: Locals | undefined): unknown {
    const items = this.#itemsOf(range, locals);
    const kept: unknown[] = [];
    let failure: CelFault | undefined;
    for (const value of items) {
      const inner = { name: variable, value, outer: locals };
      try {
        const holds = condition === undefined || this.#test(condition, inner);
        if (name === "all" && !holds) return false;
        if (name === "exists" && holds) return true;
        if (holds) kept.push(transform === undefined ? value : this.run(transform, inner));
      } catch (error) {
        // Another item may yet decide.
        if (error instanceof TooMuch || (name !== "all" && name !== "exists")) throw error;
        failure ??= error as CelFault;
      }
    }
    if (failure !== undefined) throw failure;
    if (name === "all" || name === "exists") return name === "all";
    return name === "exists_one" ? kept.length === 1 : kept;
  }

  #itemsOf(node: ASTNode, locals: Locals | undefined): readonly unknown[] {
    const value = this.run(node, locals);
    if (Array.isArray(value)) return value;
    if (nameOf(value) === "map") return Object.keys(value as object);
    throw new CelFault(`a list is wanted here, not ${nameOf(value)}`, node, "expression-type");
  }
}

/** Own properties only: there is no way to a prototype. */
function readProperty(owner: unknown, key: unknown, place: ASTNode): unknown {
  if (Array.isArray(owner)) {
    if (typeof key === "number" && Number.isInteger(key) && key >= 0 && key < owner.length) return owner[key];
    const name = typeof key === "number" ? `item ${key} of a list of ${owner.length}` : String(key);
    throw new CelFault(`No such key: ${name}`, place, "unknown-property");
  }
  if (nameOf(owner) === "map" && typeof key === "string") {
    const value = Object.hasOwn(owner as object, key) ? (owner as Record<string, unknown>)[key] : undefined;
    if (value !== undefined) return value;
  }
  const of = nameOf(owner) === "map" ? "" : `, of ${nameOf(owner)}`;
  throw new CelFault(`No such key: ${String(key)}${of}`, memberPlace(place), "unknown-property");
}

function memberPlace(node: ASTNode): { start: number; end: number } {
  return node.op === "." ? { start: node.pos, end: node.end } : node;
}
