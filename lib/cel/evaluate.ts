import { applyOperator, negate } from "./arithmetic.js";
import { isEqual } from "./compare.js";
import { fromData, isData, toData } from "./data.js";
import { CelFault } from "./fault.js";
import { costOf } from "./cost.js";
import { MAX_LIST_LENGTH, MAX_TEXT_LENGTH, TooLarge } from "./functions/function.js";
import { readBinding, readHas, readLoop, type Binding } from "./macros.js";
import { overloadsOf, readCall, readTypeName } from "./names.js";
import { fitsValues } from "./signature.js";
import { PatternFault } from "./regex.js";
import { runLoop } from "./loop.js";
import { TooMuch, type Locals, type Runner } from "./runner.js";
import { hasMember, readIndex, readMember } from "./access.js";
import type {
  AstNode,
  BinaryNode,
  CallNode,
  ListNode,
  LogicNode,
  MapNode,
  MemberNode,
  Place,
} from "./syntax.js";
import {
  CelList,
  CelMap,
  MadeList,
  MadeMap,
  nameOf,
  NONE,
  Optional,
  TypeValue,
  type CelValue,
} from "./values.js";

/** One evaluation's work, in nodes of the expression; some 10 ms of it. */
const MAX_STEPS = 100_000;
const MAX_PARTS = 250_000;

/**
 * The value of an expression, as data. It is a function of `env` alone, and its work is bounded by steps, not by the
 * clock, so that it is the same on a machine that is busy. Throws CelFault.
 */
export function evaluateCel(ast: AstNode, env: Readonly<Record<string, unknown>>): unknown {
  const value = evaluateToValue(ast, env);
  // What is data is passed on as it is.
  if (!isData(value) && countParts(value, MAX_PARTS) === MAX_PARTS) {
    throw new CelFault(`its value has more than ${MAX_PARTS} parts`, ast, "out-of-range");
  }
  return guard(ast, () => toData(value));
}

/** The same as a value of CEL. Throws CelFault. */
export function evaluateToValue(ast: AstNode, env: Readonly<Record<string, unknown>>): CelValue {
  return new Evaluation(env).run(ast, undefined);
}

/** Parts of a value, deep, up to a number: a small expression can nest the same list into itself 2^60 times. */
function countParts(value: CelValue, most: number): number {
  if (isData(value)) return 1;
  const parts =
    value instanceof CelList
      ? value.items()
      : value instanceof MadeMap
        ? value.entries().map(([, part]) => part)
        : value instanceof Optional && value.value !== undefined
          ? [value.value]
          : [];
  let count = 1;
  for (const part of parts) {
    if (count >= most) return most;
    count += countParts(part, most - count);
  }
  return Math.min(count, most);
}

/** Runs what may throw a reason, and bounds what it makes. */
function guard<Made>(node: Place, body: () => Made): Made {
  let value: Made;
  try {
    value = body();
  } catch (error) {
    if (error instanceof CelFault) throw error;
    const { message } = error as Error;
    if (error instanceof TooLarge) throw new TooMuch(message, node, "out-of-range");
    throw new CelFault(message, node, error instanceof PatternFault ? "expression-value" : "expression-type");
  }
  const length = typeof value === "string" || value instanceof Uint8Array ? value.length : 0;
  if (length > MAX_TEXT_LENGTH) {
    throw new TooMuch(`the text would have ${length} characters`, node, "out-of-range");
  }
  if (value instanceof MadeList && value.length > MAX_LIST_LENGTH) {
    throw new TooMuch(`the list would have ${value.length} items`, node, "out-of-range");
  }
  return value;
}

class Evaluation implements Runner {
  readonly #env: Readonly<Record<string, unknown>>;
  #steps = 0;

  constructor(env: Readonly<Record<string, unknown>>) {
    this.#env = env;
  }

  run(node: AstNode, locals: Locals | undefined): CelValue {
    this.count(node, 1);
    switch (node.kind) {
      case "literal":
        return node.value;
      case "name":
        return this.#lookUp(node, node.name, locals);
      case "member":
        return this.#readMember(node, locals);
      case "index":
        return readIndex(this.run(node.owner, locals), this.run(node.key, locals), node);
      case "list":
        return this.#makeList(node, locals);
      case "map":
        return this.#makeMap(node, locals);
      case "conditional":
        return this.run(this.test(node.condition, locals) ? node.then : node.otherwise, locals);
      case "logic":
        return this.#decide(node, locals);
      case "unary":
        if (node.operator === "!") return !this.test(node.operand, locals);
        return this.#negate(node, node.operand, locals);
      case "binary":
        return this.#operate(node, locals);
      case "call":
        return this.#call(node, locals);
    }
  }

  count(node: Place, steps: number): void {
    this.#steps += steps;
    if (this.#steps > MAX_STEPS) {
      throw new TooMuch("the expression takes too long: its loops make too many steps", node, "out-of-range");
    }
  }

  test(node: AstNode, locals: Locals | undefined): boolean {
    const value = this.run(node, locals);
    if (typeof value === "boolean") return value;
    throw new CelFault(`true or false is wanted here, not ${nameOf(value)}`, node, "expression-type");
  }

  #find(name: string, locals: Locals | undefined): CelValue | undefined {
    for (let local = locals; local !== undefined; local = local.outer) {
      if (local.name === name) return local.value;
    }
    return Object.hasOwn(this.#env, name) ? fromData(this.#env[name]) : undefined;
  }

  #lookUp(node: AstNode, name: string, locals: Locals | undefined): CelValue {
    const value = this.#find(name, locals);
    if (value !== undefined) return value;
    if (readTypeName(node) !== undefined) return new TypeValue(name);
    throw new CelFault(`there is no ${name} here`, node, "unknown-variable");
  }

  #readMember(node: MemberNode, locals: Locals | undefined): CelValue {
    const type = readTypeName(node);
    if (type !== undefined) return new TypeValue(type);
    return readMember(this.run(node.owner, locals), node);
  }

  #makeList({ items }: ListNode, locals: Locals | undefined): CelValue {
    const made: CelValue[] = [];
    for (const { value: item, isOptional } of items) {
      const value = isOptional ? this.#optional(item, locals).value : this.run(item, locals);
      if (value !== undefined) made.push(value);
    }
    return new MadeList(made);
  }

  #makeMap(node: MapNode, locals: Locals | undefined): CelValue {
    const entries: [CelValue, CelValue][] = [];
    for (const { key, value: inner, isOptional } of node.entries) {
      const name = this.run(key, locals);
      if (name === "__proto__") throw new CelFault('the key "__proto__" is not allowed', key, "invalid-key");
      const value = isOptional ? this.#optional(inner, locals).value : this.run(inner, locals);
      if (value !== undefined) entries.push([name, value]);
    }
    return guard(node, () => new MadeMap(entries));
  }

  #optional(node: AstNode, locals: Locals | undefined): Optional {
    const value = this.run(node, locals);
    if (value instanceof Optional) return value;
    throw new CelFault(`an optional is wanted here, not ${nameOf(value)}`, node, "expression-type");
  }

  /** `&&` and `||`: the side that decides makes good an error of the other one. */
  #decide({ operator, left, right }: LogicNode, locals: Locals | undefined): boolean {
    const deciding = operator === "||";
    let failure: CelFault | undefined;
    try {
      if (this.test(left, locals) === deciding) return deciding;
    } catch (error) {
      if (!(error instanceof CelFault) || error instanceof TooMuch) throw error;
      failure = error;
    }
    const value = this.test(right, locals);
    if (failure !== undefined && value !== deciding) throw failure;
    return value;
  }

  #negate(node: Place, operand: AstNode, locals: Locals | undefined): CelValue {
    const value = this.run(operand, locals);
    return guard(node, () => negate(value));
  }

  #operate(node: BinaryNode, locals: Locals | undefined): CelValue {
    const { operator } = node;
    const [a, b] = [this.run(node.left, locals), this.run(node.right, locals)];
    const count = (): void => this.count(node, 1);
    if (operator === "==") return isEqual(a, b, count);
    if (operator === "!=") return !isEqual(a, b, count);
    if (operator === "in") {
      if (b instanceof CelList) return b.items().some((item) => isEqual(a, item, count));
      if (b instanceof CelMap) return b.get(a) !== undefined;
      throw new CelFault(`there is no ${nameOf(a)} in ${nameOf(b)}`, node, "expression-type");
    }
    this.count(node, costOf([a, b]));
    return guard(node, () => applyOperator(operator, a, b));
  }

  #call(node: CallNode, locals: Locals | undefined): CelValue {
    const asked = readHas(node);
    if (asked !== undefined) return hasMember(this.run(asked.owner, locals), asked);
    const binding = readBinding(node);
    if (binding !== undefined) return this.#bind(binding, locals);
    const loop = readLoop(node);
    if (loop !== undefined) return runLoop(this, loop, { node, locals });
    const { name, isMethod, operands } = readCall(node);
    const values: CelValue[] = [];
    for (const operand of operands) {
      values.push(this.run(operand, locals));
      const known = values.length === 1 ? chooseKnown(name, values[0]) : undefined;
      if (known !== undefined) return known;
    }
    this.count(node, costOf(values));
    const found = overloadsOf(name, isMethod).find(({ signature }) => fitsValues(signature, values));
    if (found !== undefined) return guard(node, () => found.run(values, (steps) => this.count(node, steps)));
    const given = values.map(nameOf);
    const [receiver = "", ...rest] = given;
    const shown = isMethod ? `${receiver}.${name}(${rest.join(", ")})` : `${name}(${given.join(", ")})`;
    throw new CelFault(`there is no function ${shown}`, node, "unknown-function");
  }

  #bind({ name, variable, value: bound, body }: Binding, locals: Locals | undefined): CelValue {
    const value = name === "bind" ? this.run(bound, locals) : this.#optional(bound, locals).value;
    if (value === undefined) return NONE;
    const inner = { name: variable, value, outer: locals };
    if (name === "optFlatMap") return this.#optional(body, inner);
    const made = this.run(body, inner);
    return name === "bind" ? made : new Optional(made);
  }
}

/** `or` and `orValue` do not look at their argument where the optional has a value. */
function chooseKnown(name: string, receiver: CelValue | undefined): CelValue | undefined {
  if (!(receiver instanceof Optional)) return undefined;
  if (name === "or" && receiver.value !== undefined) return receiver;
  return name === "orValue" ? receiver.value : undefined;
}
