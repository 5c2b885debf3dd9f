import { CEL_FUNCTIONS } from "./functions/index.js";
import type { CelFunction } from "./functions/function.js";
import { NAMESPACES, type Signature } from "./signature.js";
import { readAccess, type AstNode, type CallNode } from "./syntax.js";

/** One way to call a function. */
export interface Overload extends CelFunction {
  readonly signature: Signature;
}

const overloads = new Map<string, Overload[]>();
for (const one of CEL_FUNCTIONS) {
  for (const signature of one.signatures) {
    const key = keyOf(signature.name, signature.isMethod);
    overloads.set(key, [...(overloads.get(key) ?? []), { ...one, signature }]);
  }
}

function keyOf(name: string, isMethod: boolean): string {
  return isMethod ? `.${name}` : name;
}

/** The ways to call a function of this name. */
export function overloadsOf(name: string, isMethod: boolean): readonly Overload[] {
  return overloads.get(keyOf(name, isMethod)) ?? [];
}

/** Names of functions, or of methods. */
export function functionNames(ofMethods: boolean): readonly string[] {
  return [...overloads.keys()]
    .filter((key) => key.startsWith(".") === ofMethods)
    .map((key) => key.replace(/^[.]/, ""));
}

/** What a call calls: `sets.contains(…)` is a function, and its arguments are all there are. */
export function readCall({ receiver, name, args }: CallNode): {
  readonly name: string;
  readonly isMethod: boolean;
  readonly operands: readonly AstNode[];
} {
  if (receiver === undefined) return { name, isMethod: false, operands: args };
  if (receiver.kind === "name" && NAMESPACES.has(receiver.name)) {
    const whole = `${receiver.name}.${name}`;
    if (overloads.has(whole)) return { name: whole, isMethod: false, operands: args };
  }
  return { name, isMethod: true, operands: [receiver, ...args] };
}

const TYPES: ReadonlySet<string> = new Set([
  ...[
    "bool",
    "int",
    "uint",
    "double",
    "string",
    "bytes",
    "list",
    "map",
    "null_type",
    "type",
    "optional_type",
  ],
  ...["google.protobuf.Duration", "google.protobuf.Timestamp", "net.IP", "net.CIDR"],
  ...["kubernetes.URL", "kubernetes.Quantity"],
]);

/** The type that a name means, as in `type(x) == int`; undefined where it means none. */
export function readTypeName(node: AstNode): string | undefined {
  const { root, keys } = readAccess(node);
  if (root.kind !== "name") return undefined;
  const name = [root.name, ...keys.map((key) => (typeof key === "string" ? key : "[]"))].join(".");
  return TYPES.has(name) ? name : undefined;
}
