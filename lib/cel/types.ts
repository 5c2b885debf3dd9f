/** What is known of a value before the run. `nullable`: it may be null as well. */
export type CelType =
  | { readonly kind: "dyn" | "null" }
  | { readonly kind: PlainKind; readonly nullable?: boolean }
  | {
      readonly kind: "string";
      readonly nullable?: boolean;
      /** The only values there are. */
      readonly values?: readonly string[];
    }
  | { readonly kind: "list"; readonly item: CelType; readonly nullable?: boolean }
  /** Any keys of one type, values of one type. */
  | { readonly kind: "map"; readonly key: CelType; readonly value: CelType; readonly nullable?: boolean }
  | { readonly kind: "optional"; readonly item: CelType; readonly nullable?: boolean }
  | ObjectType;

/** Types without parts, by the names of the reference. */
export const PLAIN_KINDS = [
  ...["bool", "int", "uint", "double", "bytes", "duration", "timestamp", "type"],
  ...["IP", "CIDR", "URL", "Quantity"],
] as const;

export type PlainKind = (typeof PLAIN_KINDS)[number];

/** A value whose properties are known by name. */
export interface ObjectType {
  readonly kind: "object";
  readonly nullable?: boolean;
  readonly names: readonly string[];
  /** undefined where there is none of that name; then `open` says whether there may be one all the same. */
  property(name: string): CelType | undefined;
  readonly open: boolean;
  /** Why a name is not there, where there is more to say than that. */
  readonly explain?: (name: string) => Missing;
}

interface Missing {
  readonly message: string;
  readonly suggestion?: string;
  readonly rule: MissingRule;
}

type MissingRule =
  | "unknown-input"
  | "unknown-step"
  | "later-step"
  | "background-step"
  | "unknown-output"
  | "unknown-matrix-name"
  | "unknown-property";

export const DYN: CelType = { kind: "dyn" };
export const NULL: CelType = { kind: "null" };
export const BOOL: CelType = { kind: "bool" };
export const INT: CelType = { kind: "int" };
export const DOUBLE: CelType = { kind: "double" };
export const STRING: CelType = { kind: "string" };
export const DURATION: CelType = { kind: "duration" };

export function listOf(item: CelType): CelType {
  return { kind: "list", item };
}

export function mapOf(key: CelType, value: CelType): CelType {
  return { kind: "map", key, value };
}

export function optionalOf(item: CelType): CelType {
  return { kind: "optional", item };
}

export function objectOf(
  properties: Readonly<Record<string, CelType>>,
  options: Partial<Pick<ObjectType, "open" | "explain">> = {},
): ObjectType {
  return {
    kind: "object",
    names: Object.keys(properties),
    property: (name) => (Object.hasOwn(properties, name) ? properties[name] : undefined),
    open: options.open ?? false,
    ...(options.explain && { explain: options.explain }),
  };
}

export function isNullable(type: CelType): boolean {
  return type.kind === "null" || ("nullable" in type && type.nullable === true);
}

export function orNull(type: CelType): CelType {
  return type.kind === "dyn" || type.kind === "null" ? type : ({ ...type, nullable: true } as CelType);
}

export function isNumber(type: CelType): boolean {
  return type.kind === "int" || type.kind === "uint" || type.kind === "double";
}

/** The type of what is one or the other; `dyn` where they have nothing in common. */
export function unify(a: CelType, b: CelType): CelType {
  if (a === b) return a;
  if (a.kind === "null") return orNull(b);
  if (b.kind === "null") return orNull(a);
  const both = unifyValues(a, b);
  return isNullable(a) || isNullable(b) ? orNull(both) : both;
}

function unifyValues(a: CelType, b: CelType): CelType {
  if (a.kind === "list" && b.kind === "list") return listOf(unify(a.item, b.item));
  if (a.kind === "map" && b.kind === "map") return mapOf(unify(a.key, b.key), unify(a.value, b.value));
  if (a.kind === "optional" && b.kind === "optional") return optionalOf(unify(a.item, b.item));
  if (a.kind === "string" && b.kind === "string") {
    if (a.values === undefined || b.values === undefined) return STRING;
    return { kind: "string", values: [...new Set([...a.values, ...b.values])] };
  }
  if (a.kind === b.kind && a.kind !== "object") return a;
  return DYN;
}

/** All of them as one type; of none `dyn`. */
export function unifyAll(types: readonly CelType[]): CelType {
  return types.length === 0 ? DYN : types.reduce(unify);
}

/** Whether the two can be compared: as in Kubernetes a number of one type is not held against one of another. */
export function isComparable(a: CelType, b: CelType): boolean {
  if (a.kind === "dyn" || b.kind === "dyn" || a.kind === "null" || b.kind === "null") return true;
  if (a.kind === "list" && b.kind === "list") return isComparable(a.item, b.item);
  if (a.kind === "optional" && b.kind === "optional") return isComparable(a.item, b.item);
  return isMapping(a) ? isMapping(b) : a.kind === b.kind;
}

export function isMapping(type: CelType): boolean {
  return type.kind === "map" || type.kind === "object";
}

/** `string`, `list<int>`, `bool or null`: as messages and the reference write it. */
export function nameType(type: CelType): string {
  return isNullable(type) && type.kind !== "null" ? `${nameBare(type)} or null` : nameBare(type);
}

function nameBare(type: CelType): string {
  if (type.kind === "list" || type.kind === "optional") {
    return type.item.kind === "dyn" ? type.kind : `${type.kind}<${nameType(type.item)}>`;
  }
  return isMapping(type) ? "map" : type.kind;
}

/** What is left of a type where its value becomes data: as CEL's JSON has it, most of its own types are text. */
export function dataTypeOf(type: CelType): CelType {
  const made = toDataType(type);
  return isNullable(type) && type.kind !== "null" ? orNull(made) : made;
}

function toDataType(type: CelType): CelType {
  switch (type.kind) {
    case "uint":
      return INT;
    case "list":
      return listOf(dataTypeOf(type.item));
    case "map":
      return mapOf(STRING, dataTypeOf(type.value));
    case "optional":
      return orNull(dataTypeOf(type.item));
    case "object":
      return {
        ...type,
        property: (name) => {
          const inner = type.property(name);
          return inner === undefined ? undefined : dataTypeOf(inner);
        },
      };
    case "dyn":
    case "null":
    case "bool":
    case "int":
    case "double":
    case "string":
      return type;
    default:
      return STRING;
  }
}
