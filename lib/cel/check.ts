import { nearest } from "../document/index.js";
import { checkIndex, checkMember } from "./check-access.js";
import { checkCall } from "./check-call.js";
import { checkOperation } from "./check-operation.js";
import { didYouMean, type FaultOptions, type TypeChecker, type TypedLocals } from "./checker.js";
import type { ExpressionFault } from "./fault.js";
import { readTypeName } from "./names.js";
import {
  textOf,
  type AstNode,
  type ListNode,
  type LiteralNode,
  type MapNode,
  type NameNode,
  type Place,
} from "./syntax.js";
import {
  BOOL,
  DYN,
  INT,
  isNullable,
  isNumber,
  listOf,
  mapOf,
  nameType,
  NULL,
  objectOf,
  unify,
  unifyAll,
  type CelType,
} from "./types.js";
import { Uint } from "./values.js";

/** What the names of an expression stand for. */
export interface CelScope {
  readonly variables: Readonly<Record<string, CelType>>;
  /** Names that are there elsewhere, and why not here. */
  readonly absent: Readonly<Record<string, string>>;
}

/** The type of an expression, and everything that is wrong with it, in the order of its characters. */
export function checkCel(
  ast: AstNode,
  scope: CelScope,
): { readonly type: CelType; readonly faults: readonly ExpressionFault[] } {
  const checker = new Checker(scope);
  const type = checker.typeOf(ast, []);
  return { type, faults: checker.faults.toSorted((a, b) => a.offset - b.offset) };
}

const KEYS = ["string", "int", "uint", "bool", "dyn"];

/** Types an expression. What is wrong is `dyn`, so that one mistake is told once. */
class Checker implements TypeChecker {
  readonly faults: ExpressionFault[] = [];
  readonly #scope: CelScope;

  constructor(scope: CelScope) {
    this.#scope = scope;
  }

  typeOf(node: AstNode, locals: TypedLocals): CelType {
    switch (node.kind) {
      case "literal":
        return typeOfLiteral(node.value);
      case "name":
        return this.#typeOfName(node, locals);
      case "member":
        return readTypeName(node) === undefined ? checkMember(this, node, locals) : { kind: "type" };
      case "index":
        return checkIndex(this, node, locals);
      case "list":
        return this.#typeOfList(node, locals);
      case "map":
        return this.#typeOfMap(node, locals);
      case "conditional":
        this.expectBool(node.condition, locals);
        return unify(this.typeOf(node.then, locals), this.typeOf(node.otherwise, locals));
      case "logic":
        for (const side of [node.left, node.right]) this.expectBool(side, locals);
        return BOOL;
      case "unary":
        if (node.operator === "-") return this.#typeOfMinus(node.operand, locals);
        this.expectBool(node.operand, locals);
        return BOOL;
      case "binary":
        return checkOperation(this, node, locals);
      case "call":
        return checkCall(this, node, locals);
    }
  }

  report(message: string, place: Place, { rule, suggestion }: FaultOptions): CelType {
    this.faults.push({
      message,
      offset: place.start,
      length: place.end - place.start,
      rule,
      ...(suggestion !== undefined && { suggestion }),
    });
    return DYN;
  }

  /** A condition must not be null either: that would be an error of the run. */
  expectBool(node: AstNode, locals: TypedLocals): void {
    const type = this.typeOf(node, locals);
    if (type.kind === "dyn") return;
    if (type.kind === "bool" && !isNullable(type)) return;
    const suggestion = type.kind === "bool" ? "give it a default, or compare it: == true" : undefined;
    this.report(`true or false is wanted here, and this is ${nameType(type)}`, node, {
      rule: "expression-type",
      suggestion,
    });
  }

  #typeOfName(node: NameNode, locals: TypedLocals): CelType {
    const { name } = node;
    const local = locals.findLast((one) => one.name === name);
    if (local !== undefined) return local.type;
    const { variables, absent } = this.#scope;
    const variable = Object.hasOwn(variables, name) ? variables[name] : undefined;
    if (variable !== undefined) return variable;
    const reason = Object.hasOwn(absent, name) ? absent[name] : undefined;
    if (reason !== undefined) return this.report(reason, node, { rule: "unknown-variable" });
    if (readTypeName(node) !== undefined) return { kind: "type" };
    const near = nearest(name, [...locals.map((one) => one.name), ...Object.keys(variables)]);
    return this.report(`there is no ${name} here`, node, {
      rule: "unknown-variable",
      suggestion: near === undefined ? `there are: ${Object.keys(variables).join(", ")}` : didYouMean(near),
    });
  }

  #typeOfList({ items }: ListNode, locals: TypedLocals): CelType {
    const types = items.map(({ value, isOptional }) =>
      isOptional ? this.#typeOfOptional(value, locals) : this.typeOf(value, locals),
    );
    return listOf(unifyAll(types));
  }

  /** What an optional item of a list or a map holds. */
  #typeOfOptional(node: AstNode, locals: TypedLocals): CelType {
    const type = this.typeOf(node, locals);
    if (type.kind === "optional") return type.item;
    if (type.kind === "dyn") return DYN;
    return this.report(`an optional is wanted here, and this is ${nameType(type)}`, node, {
      rule: "expression-type",
      suggestion: "leave the question mark out",
    });
  }

  #typeOfMap({ entries }: MapNode, locals: TypedLocals): CelType {
    const types = entries.map(({ key, value, isOptional }) => {
      const type = this.typeOf(key, locals);
      if (!KEYS.includes(type.kind)) {
        const message = `a map's keys are text, int, uint or bool, and this is ${nameType(type)}`;
        this.report(message, key, { rule: "expression-type" });
      }
      const inner = isOptional ? this.#typeOfOptional(value, locals) : this.typeOf(value, locals);
      return { key: type, name: isOptional ? undefined : textOf(key), value: inner };
    });
    if (types.length === 0 || types.some(({ name }) => name === undefined)) {
      return mapOf(unifyAll(types.map(({ key }) => key)), unifyAll(types.map(({ value }) => value)));
    }
    return objectOf(Object.fromEntries(types.map(({ name = "", value }) => [name, value])), { open: true });
  }

  #typeOfMinus(node: AstNode, locals: TypedLocals): CelType {
    const type = this.typeOf(node, locals);
    if (type.kind === "dyn" || type.kind === "duration") return type;
    if (isNumber(type) && type.kind !== "uint") return type;
    return this.report(`there is no minus of ${nameType(type)}`, node, { rule: "expression-type" });
  }
}

function typeOfLiteral(value: LiteralNode["value"]): CelType {
  if (value === null) return NULL;
  if (value instanceof Uint) return { kind: "uint" };
  if (value instanceof Uint8Array) return { kind: "bytes" };
  if (typeof value === "string") return { kind: "string", values: [value] };
  if (typeof value === "boolean") return BOOL;
  return typeof value === "bigint" ? INT : { kind: "double" };
}
