import type { AstNode, CallNode, MemberNode, NameNode } from "./syntax.js";

/** What looks like a function and binds a name for a part of the expression. */
interface Macro {
  readonly signature: string;
  /** One line, without a full stop. */
  readonly means: string;
  readonly example: readonly [string, unknown];
}

export const MACROS: readonly Macro[] = [
  macro("has(VALUE.NAME): bool", "Whether a property is there; the value itself has to be", [
    "has({'a': 1}.a) && !has({'a': 1}.b)",
    true,
  ]),
  macro("LIST.all(NAME, bool): bool", "Whether something holds for every item (of a map: key)", [
    "[1, 2].all(n, n > 0)",
    true,
  ]),
  macro("LIST.exists(NAME, bool): bool", "Whether something holds for an item (of a map: key)", [
    "[1, 2].exists(n, n > 1)",
    true,
  ]),
  macro("LIST.exists_one(NAME, bool): bool", "Whether something holds for exactly one item (of a map: key)", [
    "[1, 2].exists_one(n, n > 1)",
    true,
  ]),
  macro("LIST.filter(NAME, bool): list", "The items (of a map: keys) for which something holds", [
    "[1, 2, 3].filter(n, n > 1)",
    [2, 3],
  ]),
  macro("LIST.map(NAME, any): list", "What is made of each item (of a map: key)", [
    "[1, 2].map(n, n * 2)",
    [2, 4],
  ]),
  macro(
    "LIST.map(NAME, bool, any): list",
    "What is made of each item (of a map: key) for which something holds",
    ["[1, 2, 3].map(n, n > 1, n * 2)", [4, 6]],
  ),
  macro(
    "LIST.all(INDEX, NAME, bool): bool",
    "Whether something holds for every index and item (of a map: key and value)",
    ["[1, 2].all(i, n, n == i + 1)", true],
  ),
  macro(
    "LIST.exists(INDEX, NAME, bool): bool",
    "Whether something holds for an index and item (of a map: key and value)",
    ["{'a': 1}.exists(key, n, n > 0)", true],
  ),
  macro(
    "LIST.existsOne(INDEX, NAME, bool): bool",
    "Whether something holds for exactly one index and item (of a map: key and value)",
    ["[5, 6].existsOne(i, n, i > 0)", true],
  ),
  macro(
    "LIST.transformList(INDEX, NAME, any): list",
    "What is made of each index and item (of a map: key and value)",
    ["[5, 6].transformList(i, n, n + i)", [5, 7]],
  ),
  macro("LIST.transformList(INDEX, NAME, bool, any): list", "The same of those for which something holds", [
    "[5, 6].transformList(i, n, i > 0, n)",
    [6],
  ]),
  macro(
    "LIST.transformMap(INDEX, NAME, any): map",
    "A map of each index (of a map: key) to what is made of it and its value",
    ["{'a': 1}.transformMap(key, n, n * 2)", { a: 2 }],
  ),
  macro("LIST.transformMap(INDEX, NAME, bool, any): map", "The same of those for which something holds", [
    "{'a': 1, 'b': 2}.transformMap(key, n, n > 1, n)",
    { b: 2 },
  ]),
  macro(
    "LIST.transformMapEntry(INDEX, NAME, map): map",
    "The entries of what is made of each index and item, as one map",
    ["['a'].transformMapEntry(i, name, {name: i})", { a: 0 }],
  ),
  macro(
    "LIST.transformMapEntry(INDEX, NAME, bool, map): map",
    "The same of those for which something holds",
    ["['a', 'b'].transformMapEntry(i, name, i > 0, {name: i})", { b: 1 }],
  ),
  macro("OPTIONAL.optMap(NAME, any): optional", "What is made of the value, where there is one", [
    "{'a': 1}.?a.optMap(n, n + 1).orValue(0)",
    2,
  ]),
  macro(
    "OPTIONAL.optFlatMap(NAME, optional): optional",
    "The optional that is made of the value, where there is one",
    ["{'a': {'b': 1}}.?a.optFlatMap(x, x.?b).orValue(0)", 1],
  ),
  macro("cel.bind(NAME, any, any): any", "The last value, in which the name stands for the one before", [
    "cel.bind(n, 3, n * n)",
    9,
  ]),
];

function macro(signature: string, means: string, example: readonly [string, unknown]): Macro {
  return { signature, means, example };
}

const ONE_VARIABLE = ["all", "exists", "exists_one", "existsOne", "filter", "map"] as const;
const TWO_VARIABLES = [
  "all",
  "exists",
  "exists_one",
  "existsOne",
  "transformList",
  "transformMap",
  "transformMapEntry",
] as const;

type LoopName = (typeof ONE_VARIABLE)[number] | (typeof TWO_VARIABLES)[number];

/** Methods whose arguments bind names. */
export const LOOP_NAMES: readonly LoopName[] = [...new Set([...ONE_VARIABLE, ...TWO_VARIABLES])];

/** A macro that goes through a list or a map, taken apart. */
export interface Loop {
  readonly name: LoopName;
  readonly range: AstNode;
  /** Of an index or a key; undefined where the loop binds one name. */
  readonly index: string | undefined;
  readonly variable: string;
  /** undefined: every item counts. */
  readonly condition: AstNode | undefined;
  /** undefined: the item itself, or its answer. */
  readonly transform: AstNode | undefined;
}

/** How a macro is called, where a call has the name of one and is none; empty where it has not. */
export function signaturesOfMacro({ receiver, name }: CallNode): readonly string[] {
  const owners = receiver === undefined ? [""] : isCel(receiver) ? ["cel."] : ["LIST.", "OPTIONAL."];
  return MACROS.map(({ signature }) => signature).filter((one) =>
    owners.some((owner) => one.startsWith(`${owner}${name}(`)),
  );
}

function isCel(node: AstNode): boolean {
  return node.kind === "name" && node.name === "cel";
}

/** The parts of a macro that goes through a list; undefined where the call is none. */
export function readLoop({ receiver: range, name, args }: CallNode): Loop | undefined {
  if (range === undefined) return undefined;
  const one = ONE_VARIABLE.find((known) => known === name);
  const two = TWO_VARIABLES.find((known) => known === name);
  const [first, second, third] = args;
  if (first?.kind !== "name") return undefined;
  const isMap = one === "map";
  if (one !== undefined && (args.length === 2 || (isMap && args.length === 3))) {
    const [condition, transform] = isMap
      ? args.length === 3
        ? [second, third]
        : [undefined, second]
      : [second, undefined];
    return { name: one, range, index: undefined, variable: first.name, condition, transform };
  }
  if (two === undefined || second?.kind !== "name") return undefined;
  const takesTransform = two.startsWith("transform");
  if (args.length !== 3 && !(takesTransform && args.length === 4)) return undefined;
  const transform = takesTransform ? args.at(-1) : undefined;
  const condition = takesTransform && args.length === 3 ? undefined : third;
  return { name: two, range, index: first.name, variable: second.name, condition, transform };
}

/** A macro that gives a name to a value: of `optMap` and `optFlatMap` to that of an optional. */
export interface Binding {
  readonly name: "bind" | "optMap" | "optFlatMap";
  readonly variable: string;
  readonly value: AstNode;
  readonly body: AstNode;
}

export function readBinding({
  receiver,
  name,
  args: [first, second, third, fourth],
}: CallNode): Binding | undefined {
  if (receiver === undefined || first?.kind !== "name" || second === undefined) return undefined;
  const variable = (first satisfies NameNode).name;
  if (name === "bind" && isCel(receiver) && third !== undefined && fourth === undefined) {
    return { name, variable, value: second, body: third };
  }
  if ((name !== "optMap" && name !== "optFlatMap") || third !== undefined) return undefined;
  return { name, variable, value: receiver, body: second };
}

/** `has(OWNER.NAME)`: the node of OWNER.NAME. */
export function readHas({ receiver, name, args: [asked, more] }: CallNode): MemberNode | undefined {
  if (receiver !== undefined || name !== "has" || more !== undefined) return undefined;
  return asked?.kind === "member" && !asked.isOptional ? asked : undefined;
}
