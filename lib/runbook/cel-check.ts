import { nearest } from "../document/index.js";
import type { ASTNode, ExpressionFault } from "./cel.js";
import { checkCall } from "./cel-check-call.js";
import { didYouMean, type FaultOptions, type Locals, type Place, type TypeChecker } from "./cel-checker.js";
import {
  BOOL,
  DOUBLE,
  DYN,
  INT,
  isComparable,
  isMapping,
  isNullable,
  isNumber,
  listOf,
  nameType,
  NULL,
  objectOf,
  STRING,
  unify,
  unifyAll,
  type CelType,
  type ObjectType,
} from "./cel-types.js";

/** What the names of an expression stand for. */
export interface CelScope {
  readonly variables: Readonly<Record<string, CelType>>;
  /** Names that are there elsewhere, and why not here. */
  readonly absent: Readonly<Record<string, string>>;
}

/** The type of an expression, and everything that is wrong with it, in the order of its characters. */
export function checkCel(
  ast: ASTNode,
  scope: CelScope,
): { readonly type: CelType; readonly faults: readonly ExpressionFault[] } {
  const checker = new Checker(scope);
  const type = checker.typeOf(ast, []);
  return { type, faults: checker.faults.toSorted((a, b) => a.offset - b.offset) };
}

/** Types an expression. What is wrong is `dyn`, so that one mistake is told once. */
class Checker implements TypeChecker {
  readonly faults: ExpressionFault[] = [];
  readonly #scope: CelScope;

  constructor(scope: CelScope) {
    this.#scope = scope;
  }

  typeOf(node: ASTNode, locals: Locals): CelType {
    switch (node.op) {
      case "value":
        return typeOfLiteral(node.args);
      case "id":
        return this.#typeOfName(node, locals);
      case ".":
      case ".?":
        return this.#typeOfMember(this.typeOf(node.args[0], locals), node.args[1], {
          start: node.pos,
          end: node.end,
        });
      case "[]":
      case "[?]":
        return this.#typeOfIndex(node.args, locals);
      case "list":
        return listOf(unifyAll(node.args.map((item) => this.typeOf(item, locals))));
      case "map":
        return this.#typeOfMap(node.args, locals);
      case "?:":
        this.expectBool(node.args[0], locals);
        return unify(this.typeOf(node.args[1], locals), this.typeOf(node.args[2], locals));
      case "&&":
      case "||":
        for (const side of node.args) this.expectBool(side, locals);
        return BOOL;
      case "!_":
        this.expectBool(node.args, locals);
        return BOOL;
      case "-_":
        return this.#typeOfMinus(node.args, locals);
      case "call":
      case "rcall":
        return checkCall(this, node, locals);
      default:
        return this.#typeOfOperation(node, locals);
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
  expectBool(node: ASTNode, locals: Locals): void {
    const type = this.typeOf(node, locals);
    if (type.kind === "dyn") return;
    if (type.kind === "bool" && !isNullable(type)) return;
    const suggestion = type.kind === "bool" ? "give it a default, or compare it: == true" : undefined;
    this.report(`true or false is wanted here, and this is ${nameType(type)}`, node, {
      rule: "expression-type",
      suggestion,
    });
  }

  #typeOfName(node: ASTNode & { readonly op: "id" }, locals: Locals): CelType {
    const name = node.args;
    const local = locals.findLast((one) => one.name === name);
    if (local !== undefined) return local.type;
    const { variables, absent } = this.#scope;
    if (Object.hasOwn(variables, name)) return variables[name] as CelType;
    if (Object.hasOwn(absent, name)) {
      return this.report(absent[name] as string, node, { rule: "unknown-variable" });
    }
    const near = nearest(name, [...locals.map((one) => one.name), ...Object.keys(variables)]);
    return this.report(`there is no ${name} here`, node, {
      rule: "unknown-variable",
      suggestion: near === undefined ? `there are: ${Object.keys(variables).join(", ")}` : didYouMean(near),
    });
  }

  #typeOfMember(owner: CelType, name: string, place: Place): CelType {
    if (owner.kind === "dyn") return DYN;
    if (owner.kind === "map") return owner.value;
    if (owner.kind === "object") return this.#typeOfProperty(owner, name, place);
    const suggestion =
      owner.kind === "list" ? "take one item, as in [0], or use map(), filter(), exists()" : undefined;
    return this.report(`${nameType(owner)} has no ${JSON.stringify(name)}`, place, {
      rule: "expression-type",
      suggestion,
    });
  }

  #typeOfProperty(owner: ObjectType, name: string, place: Place): CelType {
    const type = owner.property(name);
    if (type !== undefined) return type;
    if (owner.open) return DYN;
    const { message, suggestion, rule } = owner.explain?.(name) ?? {
      message: `there is no ${JSON.stringify(name)} here`,
      suggestion: undefined,
      rule: "unknown-property" as const,
    };
    const near = nearest(name, owner.names);
    const known = owner.names.length === 0 ? undefined : `there are: ${owner.names.slice(0, 12).join(", ")}`;
    return this.report(message, place, {
      rule,
      suggestion: suggestion ?? (near === undefined ? known : didYouMean(JSON.stringify(near))),
    });
  }

  #typeOfIndex([ownerNode, key]: readonly [ASTNode, ASTNode], locals: Locals): CelType {
    const owner = this.typeOf(ownerNode, locals);
    const type = this.typeOf(key, locals);
    if (key.op === "value" && typeof key.args === "string" && owner.kind !== "list") {
      return this.#typeOfMember(owner, key.args, key);
    }
    if (owner.kind === "dyn" || type.kind === "dyn") return owner.kind === "list" ? owner.item : DYN;
    const wanted = owner.kind === "list" ? "int" : "string";
    if (owner.kind !== "list" && !isMapping(owner)) {
      return this.report(`${nameType(owner)} has no items`, ownerNode, { rule: "expression-type" });
    }
    if (type.kind !== wanted) {
      const message = `${nameType(owner)} is read by ${wanted}, and this is ${nameType(type)}`;
      return this.report(message, key, { rule: "expression-type" });
    }
    if (owner.kind === "list") return owner.item;
    return owner.kind === "map" ? owner.value : DYN;
  }

  #typeOfMap(entries: readonly (readonly [ASTNode, ASTNode])[], locals: Locals): CelType {
    const types: [string | undefined, CelType][] = entries.map(([key, value]) => {
      const type = this.typeOf(key, locals);
      if (type.kind !== "string" && type.kind !== "dyn") {
        this.report(`a map's keys are text, and this is ${nameType(type)}`, key, { rule: "expression-type" });
      }
      const name = key.op === "value" && typeof key.args === "string" ? key.args : undefined;
      return [name, this.typeOf(value, locals)];
    });
    if (types.some(([name]) => name === undefined)) {
      return { kind: "map", value: unifyAll(types.map(([, type]) => type)) };
    }
    return objectOf(Object.fromEntries(types) as Record<string, CelType>);
  }

  #typeOfMinus(node: ASTNode, locals: Locals): CelType {
    const type = this.typeOf(node, locals);
    if (type.kind === "dyn" || isNumber(type)) return type;
    return this.report(`there is no minus of ${nameType(type)}`, node, { rule: "expression-type" });
  }

  #typeOfOperation(node: ASTNode, locals: Locals): CelType {
    const [left, right] = node.args as [ASTNode, ASTNode];
    const [a, b] = [this.typeOf(left, locals), this.typeOf(right, locals)];
    switch (node.op) {
      case "==":
      case "!=":
        this.#checkEquality([left, a], [right, b]);
        return BOOL;
      case "in":
        this.#checkMembership([left, a], [right, b]);
        return BOOL;
      default:
        return this.#typeOfArithmetic(node, a, b);
    }
  }

  #checkEquality([left, a]: [ASTNode, CelType], [right, b]: [ASTNode, CelType]): void {
    if (!isComparable(a, b)) {
      this.report(`${nameType(a)} and ${nameType(b)} are never equal`, spanOf(left, right), {
        rule: "expression-type",
      });
    } else if (right.op === "value") this.#checkPossible(right, a);
    else if (left.op === "value") this.#checkPossible(left, b);
  }

  #checkMembership([left, a]: [ASTNode, CelType], [right, b]: [ASTNode, CelType]): void {
    const place = spanOf(left, right);
    if (b.kind === "dyn") return;
    if (isMapping(b)) {
      if (a.kind === "string" || a.kind === "dyn") return;
      this.report(`a map's keys are text, and this is ${nameType(a)}`, left, { rule: "expression-type" });
    } else if (b.kind !== "list") {
      this.report(`"in" wants a list or a map, and this is ${nameType(b)}`, right, {
        rule: "expression-type",
        suggestion: b.kind === "string" ? "write TEXT.contains(PART)" : undefined,
      });
    } else if (!isComparable(a, b.item)) {
      const message = `${nameType(a)} is never in ${nameType(b)}`;
      this.report(message, place, { rule: "expression-type" });
    } else if (right.op === "list") {
      for (const item of right.args) if (item.op === "value") this.#checkPossible(item, a);
    } else if (left.op === "value") this.#checkPossible(left, b.item);
  }

  /** A literal beside a value of which all that it can be is known: `status == "lsot"`. */
  #checkPossible(literal: ASTNode, other: CelType): void {
    if (other.kind !== "string" || other.values === undefined || typeof literal.args !== "string") return;
    const value = literal.args;
    if (other.values.includes(value)) return;
    const near = nearest(value, other.values);
    this.report(`${JSON.stringify(value)} is none of the values that this can have`, literal, {
      rule: "expression-value",
      suggestion:
        near === undefined
          ? `there are: ${other.values.slice(0, 12).join(", ")}`
          : didYouMean(JSON.stringify(near)),
    });
  }

  #typeOfArithmetic(node: ASTNode, a: CelType, b: CelType): CelType {
    const isOrder = ["<", "<=", ">", ">="].includes(node.op);
    if (a.kind === "dyn" || b.kind === "dyn") return isOrder ? BOOL : DYN;
    if (isNumber(a) && isNumber(b)) {
      if (isOrder) return BOOL;
      return node.op !== "/" && a.kind === "int" && b.kind === "int" ? INT : DOUBLE;
    }
    if (a.kind === "string" && b.kind === "string") {
      if (isOrder) return BOOL;
      if (node.op === "+") return STRING;
    }
    if (a.kind === "list" && b.kind === "list" && node.op === "+") return unify(a, b);
    const isText = node.op === "+" && (a.kind === "string" || b.kind === "string");
    this.report(`there is no ${nameType(a)} ${node.op} ${nameType(b)}`, node, {
      rule: "expression-type",
      suggestion: isText ? "make text of it: string(…)" : undefined,
    });
    return isOrder ? BOOL : DYN;
  }
}

function typeOfLiteral(value: unknown): CelType {
  if (value === null) return NULL;
  if (typeof value === "string") return { kind: "string", values: [value] };
  if (typeof value === "boolean") return BOOL;
  return typeof value === "bigint" ? INT : DOUBLE;
}

function spanOf(left: ASTNode, right: ASTNode): Place {
  return { start: left.start, end: right.end };
}
