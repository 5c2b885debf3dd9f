import { CelFault } from "./fault.js";
import type { IndexNode, MemberNode } from "./syntax.js";
import { CelList, CelMap, nameOf, NONE, Optional, Uint, type CelValue } from "./values.js";

/** What an access finds: the value, or nothing. */
function find(owner: CelMap | CelList, key: CelValue): CelValue | undefined {
  if (owner instanceof CelMap) return owner.get(key);
  const index = key instanceof Uint ? key.value : key;
  if (typeof index === "bigint")
    return index >= 0n && index < BigInt(owner.length) ? owner.at(Number(index)) : undefined;
  return typeof index === "number" && Number.isInteger(index) && index >= 0 ? owner.at(index) : undefined;
}

/** An access to an optional gives one, and so does `.?` and `[?]`. */
function access(
  owner: CelValue,
  key: CelValue,
  { isOptional, fail }: { readonly isOptional: boolean; readonly fail: (of: CelValue) => CelFault },
): CelValue {
  const inner = owner instanceof Optional ? owner.value : owner;
  if (inner === undefined) return NONE;
  const takes = inner instanceof CelMap || (inner instanceof CelList && typeof key !== "string");
  if (!takes) throw fail(inner);
  const value = find(inner, key);
  if (owner instanceof Optional || isOptional) return value === undefined ? NONE : new Optional(value);
  if (value === undefined) throw fail(inner);
  return value;
}

export function readMember(owner: CelValue, { name, isOptional, place }: MemberNode): CelValue {
  const fail = (of: CelValue): CelFault => {
    const where = of instanceof CelMap ? "" : `, of ${nameOf(of)}`;
    return new CelFault(`No such key: ${name}${where}`, place, "unknown-property");
  };
  return access(owner, name, { isOptional, fail });
}

export function readIndex(owner: CelValue, key: CelValue, { key: place, isOptional }: IndexNode): CelValue {
  const fail = (of: CelValue): CelFault =>
    new CelFault(`No such key: ${describe(of, key)}`, place, "unknown-property");
  return access(owner, key, { isOptional, fail });
}

function describe(owner: CelValue, key: CelValue): string {
  const name = key instanceof Uint ? String(key.value) : typeof key === "object" ? nameOf(key) : String(key);
  if (owner instanceof CelList)
    return typeof key === "string" ? name : `item ${name} of a list of ${owner.length}`;
  return owner instanceof CelMap ? name : `${name}, of ${nameOf(owner)}`;
}

/** `has(owner.name)`. */
export function hasMember(owner: CelValue, { name, place }: MemberNode): boolean {
  const inner = owner instanceof Optional ? owner.value : owner;
  if (inner === undefined) return false;
  if (inner instanceof CelMap) return inner.get(name) !== undefined;
  throw new CelFault(`${nameOf(inner)} has no properties`, place, "expression-type");
}
