import { nearest } from "../document/index.js";
import { didYouMean, spanOf, type TypeChecker, type TypedLocals } from "./checker.js";
import { textOf, type AstNode, type BinaryNode } from "./syntax.js";
import { BOOL, DYN, isComparable, isMapping, isNumber, nameType, unify, type CelType } from "./types.js";

type Side = readonly [node: AstNode, type: CelType];

const ORDER = ["<", "<=", ">", ">="];
const ORDERED = ["bool", "string", "bytes", "duration", "timestamp"];
/** Besides numbers of one type. */
const SUMS: Readonly<Record<string, CelType>> = {
  "bytes + bytes": { kind: "bytes" },
  "string + string": { kind: "string" },
  "duration + duration": { kind: "duration" },
  "duration - duration": { kind: "duration" },
  "timestamp + duration": { kind: "timestamp" },
  "duration + timestamp": { kind: "timestamp" },
  "timestamp - duration": { kind: "timestamp" },
  "timestamp - timestamp": { kind: "duration" },
};

/** The type of an operator's result. */
export function checkOperation(checker: TypeChecker, node: BinaryNode, locals: TypedLocals): CelType {
  const left: Side = [node.left, checker.typeOf(node.left, locals)];
  const right: Side = [node.right, checker.typeOf(node.right, locals)];
  switch (node.operator) {
    case "==":
    case "!=":
      checkEquality(checker, node, [left, right]);
      return BOOL;
    case "in":
      checkMembership(checker, left, right);
      return BOOL;
    default:
      return checkArithmetic(checker, node, [left[1], right[1]]);
  }
}

function checkEquality(
  checker: TypeChecker,
  node: BinaryNode,
  [[left, a], [right, b]]: readonly [Side, Side],
): void {
  if (!isComparable(a, b)) {
    const place = spanOf(left, right);
    if (isNumber(a) && isNumber(b)) reportMixed(checker, node, [a, b]);
    else
      checker.report(`${nameType(a)} and ${nameType(b)} are never equal`, place, { rule: "expression-type" });
  } else if (left.kind !== "literal") checkPossible(checker, right, a);
  else if (right.kind !== "literal") checkPossible(checker, left, b);
}

function checkMembership(checker: TypeChecker, [left, a]: Side, [right, b]: Side): void {
  if (b.kind === "dyn") return;
  if (isMapping(b)) {
    const key: CelType = b.kind === "map" ? b.key : { kind: "string" };
    if (isComparable(a, key)) return;
    const keys = key.kind === "string" ? "text" : nameType(key);
    checker.report(`the map's keys are ${keys}, and this is ${nameType(a)}`, left, {
      rule: "expression-type",
    });
  } else if (b.kind !== "list") {
    checker.report(`"in" wants a list or a map, and this is ${nameType(b)}`, right, {
      rule: "expression-type",
      suggestion: b.kind === "string" ? "write TEXT.contains(PART)" : undefined,
    });
  } else if (!isComparable(a, b.item)) {
    const message = `${nameType(a)} is never in ${nameType(b)}`;
    checker.report(message, spanOf(left, right), { rule: "expression-type" });
  } else if (right.kind !== "list") checkPossible(checker, left, b.item);
  else if (left.kind !== "literal") {
    for (const { value } of right.items) checkPossible(checker, value, a);
  }
}

/** A literal beside a value of which all that it can be is known: `status == "lsot"`. */
function checkPossible(checker: TypeChecker, literal: AstNode, other: CelType): void {
  const value = textOf(literal);
  if (value === undefined || other.kind !== "string" || other.values === undefined) return;
  if (other.values.includes(value)) return;
  const near = nearest(value, other.values);
  checker.report(`${JSON.stringify(value)} is none of the values that this can have`, literal, {
    rule: "expression-value",
    suggestion:
      near === undefined
        ? `there are: ${other.values.slice(0, 12).join(", ")}`
        : didYouMean(JSON.stringify(near)),
  });
}

function reportMixed(checker: TypeChecker, node: BinaryNode, [a, b]: readonly [CelType, CelType]): CelType {
  const isDouble = a.kind === "double" || b.kind === "double";
  return checker.report(`there is no ${nameType(a)} ${node.operator} ${nameType(b)}`, node, {
    rule: "expression-type",
    suggestion: isDouble
      ? "make a double of the other one: double(…), or 1.0 for 1"
      : "make both of one type: int(…)",
  });
}

function checkArithmetic(
  checker: TypeChecker,
  node: BinaryNode,
  [a, b]: readonly [CelType, CelType],
): CelType {
  const { operator } = node;
  const isOrder = ORDER.includes(operator);
  if (a.kind === "dyn" || b.kind === "dyn") return isOrder ? BOOL : DYN;
  if (isOrder && isNumber(a) && isNumber(b)) return BOOL;
  if (isOrder && a.kind === b.kind && ORDERED.includes(a.kind)) return BOOL;
  if (isNumber(a) && a.kind === b.kind && !(a.kind === "double" && operator === "%")) return a;
  const sum = SUMS[`${a.kind} ${operator} ${b.kind}`];
  if (sum !== undefined) return sum;
  if (a.kind === "list" && b.kind === "list" && operator === "+") return unify(a, b);
  if (isNumber(a) && isNumber(b) && a.kind !== b.kind) return reportMixed(checker, node, [a, b]);
  const isText = operator === "+" && (a.kind === "string" || b.kind === "string");
  checker.report(`there is no ${nameType(a)} ${operator} ${nameType(b)}`, node, {
    rule: "expression-type",
    suggestion: isText ? "make text of it: string(…)" : undefined,
  });
  return isOrder ? BOOL : DYN;
}
