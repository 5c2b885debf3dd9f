import type { ASTNode } from "./cel.js";

/** What looks like a function and binds a name for a part of the expression. */
export interface Macro {
  readonly signature: string;
  /** One line, without a full stop. */
  readonly means: string;
  readonly example: readonly [string, unknown];
}

export const MACROS: readonly Macro[] = [
  {
    signature: "has(VALUE.NAME): bool",
    means: "Whether a property is there; the value itself has to be",
    example: ["has(dyn({'a': 1}).a) && !has(dyn({'a': 1}).b)", true],
  },
  {
    signature: "LIST.all(NAME, bool): bool",
    means: "Whether something holds for every item (of a map: key)",
    example: ["[1, 2].all(n, n > 0)", true],
  },
  {
    signature: "LIST.exists(NAME, bool): bool",
    means: "Whether something holds for an item (of a map: key)",
    example: ["[1, 2].exists(n, n > 1)", true],
  },
  {
    signature: "LIST.exists_one(NAME, bool): bool",
    means: "Whether something holds for exactly one item (of a map: key)",
    example: ["[1, 2].exists_one(n, n > 1)", true],
  },
  {
    signature: "LIST.filter(NAME, bool): list",
    means: "The items (of a map: keys) for which something holds",
    example: ["[1, 2, 3].filter(n, n > 1)", [2, 3]],
  },
  {
    signature: "LIST.map(NAME, any): list",
    means: "What is made of each item (of a map: key)",
    example: ["[1, 2].map(n, n * 2)", [2, 4]],
  },
  {
    signature: "LIST.map(NAME, bool, any): list",
    means: "What is made of each item (of a map: key) for which something holds",
    example: ["[1, 2, 3].map(n, n > 1, n * 2)", [4, 6]],
  },
  {
    signature: "cel.bind(NAME, any, any): any",
    means: "The last value, in which the name stands for the one before",
    example: ["cel.bind(n, 3, n * n)", 9],
  },
];

export type LoopName = "all" | "exists" | "exists_one" | "filter" | "map";

/** A macro that goes through a list, taken apart. */
export interface Loop {
  readonly name: LoopName;
  readonly range: ASTNode;
  readonly variable: string;
  /** undefined: every item counts. */
  readonly condition: ASTNode | undefined;
  /** Of `map` only. */
  readonly transform: ASTNode | undefined;
}

const LOOPS: readonly string[] = ["all", "exists", "exists_one", "filter", "map"];

/** How a macro is called, where a call has the name of one and is none; empty where it has not. */
export function signaturesOfMacro(node: ASTNode & { readonly op: "call" | "rcall" }): readonly string[] {
  const [name] = node.args;
  const owner = node.op === "call" ? "" : isCel(node.args[1]) ? "cel." : "LIST.";
  return MACROS.map(({ signature }) => signature).filter((one) => one.startsWith(`${owner}${name}(`));
}

function isCel(node: ASTNode): boolean {
  return node.op === "id" && node.args === "cel";
}

/** The parts of a macro that goes through a list; undefined where the call is none. */
export function readLoop(node: ASTNode): Loop | undefined {
  if (node.op !== "rcall") return undefined;
  const [name, range, args] = node.args;
  const [variable, second, third] = args;
  if (!LOOPS.includes(name) || variable?.op !== "id" || second === undefined) return undefined;
  if (args.length > (name === "map" ? 3 : 2)) return undefined;
  const isMap = name === "map";
  return {
    name: name as LoopName,
    range,
    variable: variable.args,
    condition: isMap && third === undefined ? undefined : second,
    transform: isMap ? (third ?? second) : undefined,
  };
}

/** `cel.bind(NAME, VALUE, BODY)`. */
export function readBind(
  node: ASTNode,
): { readonly variable: string; readonly value: ASTNode; readonly body: ASTNode } | undefined {
  if (node.op !== "rcall" || node.args[0] !== "bind") return undefined;
  const [, owner, [variable, value, body]] = node.args;
  // The parser lets no other than a name stand for the variable.
  if (!isCel(owner) || value === undefined || body === undefined) return undefined;
  return { variable: (variable as ASTNode & { readonly op: "id" }).args, value, body };
}

/** `has(OWNER.NAME)`: the node of OWNER.NAME. */
export function readHas(node: ASTNode): (ASTNode & { readonly op: "." }) | undefined {
  if (node.op !== "call" || node.args[0] !== "has" || node.args[1].length !== 1) return undefined;
  const [asked] = node.args[1];
  return asked?.op === "." ? asked : undefined;
}
