import { nearest } from "../document/index.js";
import type { ASTNode } from "./cel.js";
import { didYouMean, type Locals, type Place, type TypeChecker } from "./cel-checker.js";
import { CEL_FUNCTIONS, signatureOf, type CelFunction, type Parameter } from "./cel-functions.js";
import { readBind, readHas, readLoop, signaturesOfMacro, type Loop } from "./cel-macros.js";
import { PatternFault } from "./match.js";
import { BOOL, DOUBLE, DYN, INT, isMapping, listOf, nameType, STRING, type CelType } from "./cel-types.js";

type Call = ASTNode & { readonly op: "call" | "rcall" };

const LOOP_NAMES = ["all", "exists", "exists_one", "filter", "map"];

/** The type of a function's, a method's or a macro's result. */
export function checkCall(checker: TypeChecker, node: Call, locals: Locals): CelType {
  const asked = readHas(node);
  if (asked !== undefined) {
    checkHas(checker, asked, locals);
    return BOOL;
  }
  const bind = readBind(node);
  if (bind !== undefined) {
    const type = checker.typeOf(bind.value, locals);
    return checker.typeOf(bind.body, [...locals, { name: bind.variable, type }]);
  }
  const loop = readLoop(node);
  if (loop !== undefined) return checkLoop(checker, loop, locals);
  const forms = signaturesOfMacro(node);
  if (forms.length > 0) {
    // Its arguments are not looked at: the name that it would bind is none of theirs.
    return checker.report(`${node.args[0]}() is not called like this`, placeOfName(node), {
      rule: "unknown-function",
      suggestion: `there is: ${forms.join("; ")}`,
    });
  }
  return checkFunction(checker, node, locals);
}

/** The name itself has to be one that there may be: `has(inputs.form)` is a slip as well. */
function checkHas(checker: TypeChecker, asked: ASTNode & { readonly op: "." }, locals: Locals): void {
  checker.typeOf(asked, locals);
}

function checkLoop(
  checker: TypeChecker,
  { name, range, variable, condition, transform }: Loop,
  locals: Locals,
): CelType {
  const list = checker.typeOf(range, locals);
  const item = itemOf(list);
  if (item === undefined) {
    checker.report(`a list is wanted here, and this is ${nameType(list)}`, range, {
      rule: "expression-type",
    });
  }
  const inner = [...locals, { name: variable, type: item ?? DYN }];
  if (condition !== undefined) checker.expectBool(condition, inner);
  const made = transform === undefined ? (item ?? DYN) : checker.typeOf(transform, inner);
  return name === "map" || name === "filter" ? listOf(made) : BOOL;
}

function itemOf(type: CelType): CelType | undefined {
  if (type.kind === "dyn") return DYN;
  if (type.kind === "list") return type.item;
  return isMapping(type) ? STRING : undefined;
}

function checkFunction(checker: TypeChecker, node: Call, locals: Locals): CelType {
  const isMethod = node.op === "rcall";
  const nodes = isMethod ? [node.args[1], ...node.args[2]] : node.args[1];
  const types = nodes.map((argument) => checker.typeOf(argument, locals));
  const [name] = node.args;
  const place = placeOfName(node);
  const candidates = CEL_FUNCTIONS.filter((one) => (one.receiver !== undefined) === isMethod);
  const named = candidates.filter((one) => one.name === name);
  if (named.length === 0) {
    const known = candidates.map((one) => one.name).concat(isMethod ? LOOP_NAMES : ["has"]);
    const near = nearest(name, known);
    const message = `there is no ${isMethod ? "method" : "function"} ${name}()`;
    const suggestion =
      near === undefined ? `there are: ${[...new Set(known)].join(", ")}` : didYouMean(`${near}()`);
    return checker.report(message, place, { rule: "unknown-function", suggestion });
  }
  const found = named.filter((one) => takes(one, types));
  const [only] = found;
  if (only === undefined) {
    const [receiver, ...rest] = types.map(nameType);
    const given = isMethod
      ? `${receiver as string}.${name}(${rest.join(", ")})`
      : `${name}(${types.map(nameType).join(", ")})`;
    const suggestion = `there is: ${[...new Set(named.map(signatureOf))].join("; ")}`;
    return checker.report(`there is no ${given}`, place, { rule: "unknown-function", suggestion });
  }
  checkLiterals(checker, only, nodes);
  // All of one name give the same type: which of them is meant may be known only in the run.
  return typeOfName(only.returns);
}

/** A unit or a pattern that is written out can be looked at before the run. */
function checkLiterals(checker: TypeChecker, { name, run }: CelFunction, nodes: readonly ASTNode[]): void {
  const literals = nodes.map((node) =>
    node.op === "value" && typeof node.args === "string" ? node.args : undefined,
  );
  const [first, second] = literals;
  const isRead = name === "duration" || name === "size" || name === "timestamp";
  const values = isRead && first !== undefined && nodes.length === 1 ? [first] : undefined;
  const matched = name === "matches" && second !== undefined ? ["", second] : undefined;
  const tried = values ?? matched;
  if (tried === undefined) return;
  try {
    run(...(tried as never[]));
  } catch (error) {
    checker.report((error as Error).message, nodes[tried.length - 1] as ASTNode, {
      rule: "expression-value",
      suggestion: error instanceof PatternFault ? error.suggestion : undefined,
    });
  }
}

function takes(one: CelFunction, types: readonly CelType[]): boolean {
  const wanted = parametersOf(one);
  return (
    wanted.length === types.length &&
    wanted.every((parameter, index) => isTaken(types[index] as CelType, parameter))
  );
}

function parametersOf({ receiver, parameters }: CelFunction): readonly Parameter[] {
  return receiver === undefined ? parameters : [receiver, ...parameters];
}

function isTaken(type: CelType, parameter: Parameter): boolean {
  if (type.kind === "dyn" || parameter === "any") return true;
  switch (parameter) {
    case "scalar":
      return ["string", "int", "double", "bool"].includes(type.kind);
    case "map":
      return isMapping(type);
    case "list<string>":
      return type.kind === "list" && (type.item.kind === "string" || type.item.kind === "dyn");
    default:
      return type.kind === parameter;
  }
}

function typeOfName(name: CelFunction["returns"]): CelType {
  switch (name) {
    case "string":
      return STRING;
    case "int":
      return INT;
    case "double":
      return DOUBLE;
    case "bool":
      return BOOL;
    case "list<string>":
      return listOf(STRING);
    default:
      return DYN;
  }
}

/** Where the name of a function stands: the node of a method begins at what is in front of the dot. */
function placeOfName(node: Call): Place {
  const [name] = node.args;
  if (node.op === "call") return { start: node.start, end: node.start + name.length };
  const dot = node.input.indexOf(".", node.args[1].end);
  const start = node.input.indexOf(name, dot);
  return { start, end: start + name.length };
}
