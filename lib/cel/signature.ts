import {
  DYN,
  isMapping,
  listOf,
  mapOf,
  optionalOf,
  PLAIN_KINDS,
  STRING,
  unify,
  type CelType,
  type PlainKind,
} from "./types.js";
import { CelList, CelMap, nameOf, type CelValue } from "./values.js";

/** A type of a signature. `T`, `K`, `V`: of what it is called with, the same wherever it stands. */
interface Pattern {
  readonly name: string;
  readonly parts: readonly Pattern[];
}

/** `string.indexOf(string, int): int`, taken apart; of a method the receiver comes first. */
export interface Signature {
  readonly text: string;
  /** With its namespace, where it has one: `sets.contains`. */
  readonly name: string;
  readonly isMethod: boolean;
  readonly parameters: readonly Pattern[];
  readonly returns: Pattern;
}

/** What looks like a receiver and is a part of a function's name. */
export const NAMESPACES: ReadonlySet<string> = new Set(["optional", "sets", "ip", "strings", "cel"]);

type Bindings = Map<string, CelType>;

/** Throws Error for a text that is no signature: the reference's own are written in this package. */
export function parseSignature(text: string): Signature {
  const found = /^(.+?)[(](.*)[)]: (.+)$/.exec(text);
  if (found === null) throw new Error(`${JSON.stringify(text)} is no signature`);
  const [, head = "", inner = "", returns = ""] = found;
  const dot = head.lastIndexOf(".");
  const owner = dot < 0 ? "" : head.slice(0, dot);
  const isMethod = owner !== "" && !NAMESPACES.has(owner);
  const parameters = splitParts(inner).map(parsePattern);
  return {
    text,
    name: isMethod ? head.slice(dot + 1) : head,
    isMethod,
    parameters: isMethod ? [parsePattern(owner), ...parameters] : parameters,
    returns: parsePattern(returns),
  };
}

function parsePattern(text: string): Pattern {
  const [, name = text, inner = ""] = /^(\w+)<(.*)>$/.exec(text) ?? [];
  return { name, parts: splitParts(inner).map(parsePattern) };
}

/** At the commas that stand in no brackets. */
function splitParts(text: string): string[] {
  const parts = text.split(/, (?![^<]*>)/);
  return parts.filter((part) => part !== "");
}

/** What a call of these types gives; undefined where the signature does not fit them. */
export function typeOfCall(
  { parameters, returns }: Signature,
  types: readonly CelType[],
): CelType | undefined {
  const bindings: Bindings = new Map();
  if (parameters.length !== types.length) return undefined;
  const fits = parameters.every((pattern, index) => fitsType(pattern, types[index] as CelType, bindings));
  return fits ? build(returns, bindings) : undefined;
}

function fitsType({ name, parts }: Pattern, type: CelType, bindings: Bindings): boolean {
  if (/^[A-Z]$/.test(name)) return bind(name, type, bindings);
  if (type.kind === "dyn" || name === "dyn") return true;
  switch (name) {
    case "list":
    case "optional":
      return type.kind === name && parts.every((part) => fitsType(part, type.item, bindings));
    case "map": {
      if (!isMapping(type)) return false;
      const [key, value] = type.kind === "map" ? [type.key, type.value] : [STRING, DYN];
      return parts.every((part, index) => fitsType(part, index === 0 ? key : value, bindings));
    }
    default:
      return type.kind === name;
  }
}

/** What stands for two types is either, where they have something in common. */
function bind(name: string, type: CelType, bindings: Bindings): boolean {
  const known = bindings.get(name);
  if (known === undefined) bindings.set(name, type);
  else if (known.kind === "dyn" || type.kind === "dyn")
    bindings.set(name, known.kind === "dyn" ? type : known);
  else {
    const both = unify(known, type);
    if (both.kind === "dyn") return false;
    bindings.set(name, both);
  }
  return true;
}

function build({ name, parts }: Pattern, bindings: Bindings): CelType {
  const [first = DYN, second = DYN] = parts.map((part) => build(part, bindings));
  if (name === "list") return listOf(first);
  if (name === "optional") return optionalOf(first);
  if (name === "map") return mapOf(first, second);
  if (name === "string") return STRING;
  return isPlain(name) ? { kind: name } : (bindings.get(name) ?? DYN);
}

function isPlain(name: string): name is PlainKind {
  return PLAIN_KINDS.some((kind) => kind === name);
}

/** Whether a call of these values is meant; what lists hold is looked at by the function itself. */
export function fitsValues({ parameters }: Signature, values: readonly CelValue[]): boolean {
  return (
    parameters.length === values.length &&
    parameters.every(({ name }, index) => fitsValue(name, values[index] as CelValue))
  );
}

function fitsValue(name: string, value: CelValue): boolean {
  if (name === "dyn" || /^[A-Z]$/.test(name)) return true;
  if (name === "list") return value instanceof CelList;
  return name === "map" ? value instanceof CelMap : nameOf(value) === name;
}
