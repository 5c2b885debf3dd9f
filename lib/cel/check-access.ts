import { nearest } from "../document/index.js";
import { didYouMean, type TypeChecker, type TypedLocals } from "./checker.js";
import { textOf, type IndexNode, type MemberNode, type Place } from "./syntax.js";
import { DYN, isMapping, nameType, optionalOf, type CelType, type ObjectType } from "./types.js";

/** What an optional holds; of an access to one an optional is given. */
function unwrap(
  owner: CelType,
  isOptional: boolean,
): { readonly inner: CelType; readonly wrap: (type: CelType) => CelType } {
  const holds = owner.kind === "optional";
  return { inner: holds ? owner.item : owner, wrap: holds || isOptional ? optionalOf : (type) => type };
}

/** The type of `owner.name`, `owner.?name`. */
export function checkMember(checker: TypeChecker, node: MemberNode, locals: TypedLocals): CelType {
  const { inner, wrap } = unwrap(checker.typeOf(node.owner, locals), node.isOptional);
  return wrap(typeOfMember(checker, inner, { name: node.name, place: node.place }));
}

function typeOfMember(
  checker: TypeChecker,
  owner: CelType,
  { name, place }: { readonly name: string; readonly place: Place },
): CelType {
  if (owner.kind === "dyn") return DYN;
  if (owner.kind === "map") return owner.value;
  if (owner.kind === "object") return typeOfProperty(checker, owner, { name, place });
  const suggestion =
    owner.kind === "list" ? "take one item, as in [0], or use map(), filter(), exists()" : undefined;
  return checker.report(`${nameType(owner)} has no ${JSON.stringify(name)}`, place, {
    rule: "expression-type",
    suggestion,
  });
}

function typeOfProperty(
  checker: TypeChecker,
  owner: ObjectType,
  { name, place }: { readonly name: string; readonly place: Place },
): CelType {
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
  return checker.report(message, place, {
    rule,
    suggestion: suggestion ?? (near === undefined ? known : didYouMean(JSON.stringify(near))),
  });
}

/** The type of `owner[key]`, `owner[?key]`. */
export function checkIndex(checker: TypeChecker, node: IndexNode, locals: TypedLocals): CelType {
  const { inner, wrap } = unwrap(checker.typeOf(node.owner, locals), node.isOptional);
  return wrap(typeOfIndex(checker, inner, { node, key: checker.typeOf(node.key, locals) }));
}

function typeOfIndex(
  checker: TypeChecker,
  owner: CelType,
  { node, key }: { readonly node: IndexNode; readonly key: CelType },
): CelType {
  const name = textOf(node.key);
  if (name !== undefined && owner.kind !== "list" && owner.kind !== "map") {
    return typeOfMember(checker, owner, { name, place: node.key });
  }
  if (owner.kind === "dyn") return DYN;
  if (owner.kind !== "list" && !isMapping(owner)) {
    return checker.report(`${nameType(owner)} has no items`, node.owner, { rule: "expression-type" });
  }
  const wanted = owner.kind === "list" ? "int" : owner.kind === "map" ? owner.key.kind : "string";
  if (key.kind !== "dyn" && wanted !== "dyn" && key.kind !== wanted) {
    const message = `${nameType(owner)} is read by ${wanted}, and this is ${nameType(key)}`;
    return checker.report(message, node.key, { rule: "expression-type" });
  }
  if (owner.kind === "list") return owner.item;
  return owner.kind === "map" ? owner.value : DYN;
}
