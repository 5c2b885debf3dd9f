import { nearest } from "../document/index.js";
import { didYouMean, type TypeChecker, type TypedLocals } from "./checker.js";
import {
  LOOP_NAMES,
  readBinding,
  readHas,
  readLoop,
  signaturesOfMacro,
  type Binding,
  type Loop,
} from "./macros.js";
import { functionNames, overloadsOf, readCall, type Overload } from "./names.js";
import { findPatternFault } from "./regex.js";
import { typeOfCall } from "./signature.js";
import { textOf, type AstNode, type CallNode } from "./syntax.js";
import { BOOL, DYN, INT, listOf, mapOf, nameType, optionalOf, STRING, type CelType } from "./types.js";

/** The type of a function's, a method's or a macro's result. */
export function checkCall(checker: TypeChecker, node: CallNode, locals: TypedLocals): CelType {
  const asked = readHas(node);
  if (asked !== undefined) {
    // The name itself has to be one that there may be: `has(inputs.form)` is a slip as well.
    checker.typeOf(asked, locals);
    return BOOL;
  }
  const binding = readBinding(node);
  if (binding !== undefined) return checkBinding(checker, binding, locals);
  const loop = readLoop(node);
  if (loop !== undefined) return checkLoop(checker, loop, locals);
  const forms = signaturesOfMacro(node);
  if (forms.length === 0) return checkFunction(checker, node, locals);
  // Its arguments are not looked at: the name that it would bind is none of theirs.
  return checker.report(`${node.name}() is not called like this`, node.place, {
    rule: "unknown-function",
    suggestion: `there is: ${forms.join("; ")}`,
  });
}

function checkBinding(
  checker: TypeChecker,
  { name, variable, value, body }: Binding,
  locals: TypedLocals,
): CelType {
  const bound = checker.typeOf(value, locals);
  const isOptional = name !== "bind";
  if (isOptional && bound.kind !== "optional" && bound.kind !== "dyn") {
    checker.report(`an optional is wanted here, and this is ${nameType(bound)}`, value, {
      rule: "expression-type",
    });
  }
  const type = !isOptional ? bound : bound.kind === "optional" ? bound.item : DYN;
  const made = checker.typeOf(body, [...locals, { name: variable, type }]);
  if (name === "bind") return made;
  return name === "optMap" ? optionalOf(made) : made;
}

function checkLoop(checker: TypeChecker, loop: Loop, locals: TypedLocals): CelType {
  const { name, range, condition, transform } = loop;
  const type = checker.typeOf(range, locals);
  const [index, value] = partsOf(type) ?? [DYN, DYN];
  if (partsOf(type) === undefined) {
    checker.report(`a list is wanted here, and this is ${nameType(type)}`, range, {
      rule: "expression-type",
    });
  }
  const isList = type.kind === "list";
  const item = loop.index === undefined && !isList ? index : value;
  const outer = loop.index === undefined ? locals : [...locals, { name: loop.index, type: index }];
  const inner = [...outer, { name: loop.variable, type: item }];
  if (condition !== undefined) checker.expectBool(condition, inner);
  const made = transform === undefined ? item : checker.typeOf(transform, inner);
  switch (name) {
    case "map":
    case "filter":
    case "transformList":
      return listOf(made);
    case "transformMap":
      return mapOf(index, made);
    case "transformMapEntry":
      return made.kind === "map" ? made : DYN;
    default:
      return BOOL;
  }
}

/** The types of index or key, and of item or value; undefined of what no loop goes through. */
function partsOf(type: CelType): readonly [CelType, CelType] | undefined {
  if (type.kind === "dyn") return [DYN, DYN];
  if (type.kind === "list") return [INT, type.item];
  if (type.kind === "map") return [type.key, type.value];
  return type.kind === "object" ? [STRING, DYN] : undefined;
}

function checkFunction(checker: TypeChecker, node: CallNode, locals: TypedLocals): CelType {
  const { name, isMethod, operands } = readCall(node);
  const types = operands.map((operand) => checker.typeOf(operand, locals));
  const overloads = overloadsOf(name, isMethod);
  if (overloads.length === 0) {
    const known = [...functionNames(isMethod), ...(isMethod ? LOOP_NAMES : ["has"])];
    const near = nearest(name, known);
    return checker.report(`there is no ${isMethod ? "method" : "function"} ${name}()`, node.place, {
      rule: "unknown-function",
      suggestion:
        near === undefined ? `there are: ${[...new Set(known)].join(", ")}` : didYouMean(`${near}()`),
    });
  }
  const results = overloads
    .map(({ signature }) => typeOfCall(signature, types))
    .filter((type) => type !== undefined);
  if (results.length === 0) {
    const [receiver = "", ...rest] = types.map(nameType);
    const given = isMethod
      ? `${receiver}.${name}(${rest.join(", ")})`
      : `${name}(${types.map(nameType).join(", ")})`;
    const forms = overloads.map(({ signature }) => signature.text);
    return checker.report(`there is no ${given}`, node.place, {
      rule: "unknown-function",
      suggestion: `there is: ${forms.join("; ")}`,
    });
  }
  checkLiterals(checker, { name, overload: overloads[0] }, operands);
  // Which of them is meant may be known only in the run.
  const [first = DYN] = results;
  return results.every((type) => nameType(type) === nameType(first)) ? first : DYN;
}

const READ = ["duration", "timestamp", "ip", "cidr", "url", "quantity"];

/** A time, an address or a pattern that is written out can be looked at before the run. */
function checkLiterals(
  checker: TypeChecker,
  { name, overload }: { readonly name: string; readonly overload: Overload | undefined },
  operands: readonly AstNode[],
): void {
  const [first, second] = operands;
  const pattern = second === undefined ? undefined : textOf(second);
  if (["matches", "find", "findAll"].includes(name) && pattern !== undefined && second !== undefined) {
    const fault = findPatternFault(pattern);
    if (fault === undefined) return;
    const { message, suggestion } = fault;
    checker.report(message, second, { rule: "expression-value", suggestion });
  }
  const text = first === undefined ? undefined : textOf(first);
  if (!READ.includes(name) || text === undefined || first === undefined) return;
  try {
    overload?.run([text], () => undefined);
  } catch (error) {
    checker.report((error as Error).message, first, { rule: "expression-value" });
  }
}
