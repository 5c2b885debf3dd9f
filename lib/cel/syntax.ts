import type { Uint } from "./values.js";

/** Characters of an expression, the end not among them. */
export interface Place {
  readonly start: number;
  readonly end: number;
}

export type BinaryOperator = "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "+" | "-" | "*" | "/" | "%";

interface Node<Kind extends string> extends Place {
  readonly kind: Kind;
}

export interface LiteralNode extends Node<"literal"> {
  readonly value: null | boolean | bigint | Uint | number | string | Uint8Array;
}

export interface NameNode extends Node<"name"> {
  readonly name: string;
}

/** `owner.name`, `owner.?name`; `place`: where the name stands. */
export interface MemberNode extends Node<"member"> {
  readonly owner: AstNode;
  readonly name: string;
  readonly isOptional: boolean;
  readonly place: Place;
}

/** `owner[key]`, `owner[?key]`. */
export interface IndexNode extends Node<"index"> {
  readonly owner: AstNode;
  readonly key: AstNode;
  readonly isOptional: boolean;
}

export interface ListNode extends Node<"list"> {
  readonly items: readonly { readonly value: AstNode; readonly isOptional: boolean }[];
}

export interface MapNode extends Node<"map"> {
  readonly entries: readonly {
    readonly key: AstNode;
    readonly value: AstNode;
    readonly isOptional: boolean;
  }[];
}

interface ConditionalNode extends Node<"conditional"> {
  readonly condition: AstNode;
  readonly then: AstNode;
  readonly otherwise: AstNode;
}

export interface LogicNode extends Node<"logic"> {
  readonly operator: "&&" | "||";
  readonly left: AstNode;
  readonly right: AstNode;
}

interface UnaryNode extends Node<"unary"> {
  readonly operator: "!" | "-";
  readonly operand: AstNode;
}

export interface BinaryNode extends Node<"binary"> {
  readonly operator: BinaryOperator;
  readonly left: AstNode;
  readonly right: AstNode;
}

/** `name(…)`, `receiver.name(…)`; `place`: where the name stands. */
export interface CallNode extends Node<"call"> {
  readonly receiver: AstNode | undefined;
  readonly name: string;
  readonly args: readonly AstNode[];
  readonly place: Place;
}

export type AstNode =
  | LiteralNode
  | NameNode
  | MemberNode
  | IndexNode
  | ListNode
  | MapNode
  | ConditionalNode
  | LogicNode
  | UnaryNode
  | BinaryNode
  | CallNode;

/** The nodes right within a node, in the order of the text. */
export function childrenOf(node: AstNode): readonly AstNode[] {
  switch (node.kind) {
    case "literal":
    case "name":
      return [];
    case "member":
      return [node.owner];
    case "index":
      return [node.owner, node.key];
    case "list":
      return node.items.map(({ value }) => value);
    case "map":
      return node.entries.flatMap(({ key, value }) => [key, value]);
    case "conditional":
      return [node.condition, node.then, node.otherwise];
    case "logic":
    case "binary":
      return [node.left, node.right];
    case "unary":
      return [node.operand];
    case "call":
      return node.receiver === undefined ? node.args : [node.receiver, ...node.args];
  }
}

/** The text of a literal; undefined of any other node. */
export function textOf(node: AstNode): string | undefined {
  return node.kind === "literal" && typeof node.value === "string" ? node.value : undefined;
}

/** What an access begins at, and the keys that lead on from there: a node where one is computed. */
export function readAccess(node: AstNode): {
  readonly root: AstNode;
  readonly keys: readonly (string | AstNode)[];
} {
  const keys: (string | AstNode)[] = [];
  let root = node;
  while (root.kind === "member" || root.kind === "index") {
    keys.unshift(root.kind === "member" ? root.name : (textOf(root.key) ?? root.key));
    root = root.owner;
  }
  return { root, keys };
}
