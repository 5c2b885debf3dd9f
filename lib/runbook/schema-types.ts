import {
  BOOL,
  dataTypeOf,
  DOUBLE,
  DURATION,
  DYN,
  INT,
  isMapping,
  isNumber,
  listOf,
  mapOf,
  NULL,
  objectOf,
  orNull,
  STRING,
  unifyAll,
  type CelType,
} from "../cel/index.js";
import type { InputSpec, ValueSpec } from "./types.js";

type Schema = Readonly<Record<string, unknown>>;

/**
 * The type of what a JSON Schema describes. What it leaves open is `dyn`; properties are resolved when they are
 * asked for, so that a schema may refer to itself. `root`: where its `$ref`s begin.
 */
export function typeOfSchema(schema: unknown, root: unknown = schema): CelType {
  if (typeof schema !== "object" || schema === null) return DYN;
  const { $ref, enum: values, anyOf, oneOf, type } = schema as Schema;
  if (typeof $ref === "string") return typeOfSchema(resolvePointer($ref, root), root);
  if (Object.hasOwn(schema, "const")) return typeOfValue((schema as Schema)["const"]);
  if (Array.isArray(values)) return unifyData(values.map(typeOfValue));
  const branches = anyOf ?? oneOf;
  if (Array.isArray(branches)) return unifyData(branches.map((branch) => typeOfSchema(branch, root)));
  if (Array.isArray(type)) return unifyData(type.map((one) => typeOfNamed(one, schema as Schema, root)));
  return typeOfNamed(type, schema as Schema, root);
}

/** What JSON Schema calls a number may be whole. */
function unifyData(types: readonly CelType[]): CelType {
  return types.length > 0 && types.every(isNumber) && types.some(({ kind }) => kind === "double")
    ? DOUBLE
    : unifyAll(types);
}

/**
 * The outputs of a step kind: an outputSchema that lists properties means those and no others, unless it says that
 * there may be more.
 */
export function typeOfOutputs(schema: unknown): CelType {
  const type = typeOfSchema(schema);
  if (type.kind !== "object") return type;
  return { ...type, open: (schema as Schema)["additionalProperties"] !== undefined && type.open };
}

function typeOfNamed(type: unknown, schema: Schema, root: unknown): CelType {
  switch (type) {
    case "string":
      return STRING;
    case "integer":
      return INT;
    case "number":
      return DOUBLE;
    case "boolean":
      return BOOL;
    case "null":
      return NULL;
    case "array":
      return listOf(typeOfSchema(schema["items"], root));
    case "object":
      return typeOfObject(schema, root);
    default:
      return DYN;
  }
}

/** A property that may be left out has its type all the same: `has()` asks whether it is there. */
function typeOfObject(schema: Schema, root: unknown): CelType {
  const properties = schema["properties"] as Schema | undefined;
  const more = schema["additionalProperties"];
  if (properties === undefined && more !== false) return mapOf(STRING, typeOfSchema(more, root));
  const known = properties ?? {};
  return {
    kind: "object",
    names: Object.keys(known),
    property: (name) => (Object.hasOwn(known, name) ? typeOfSchema(known[name], root) : undefined),
    open: more !== false,
  };
}

function resolvePointer(pointer: string, root: unknown): unknown {
  return pointer
    .replace(/^#\/?/, "")
    .split("/")
    .filter((part) => part !== "")
    .reduce<unknown>(
      (inner, part) =>
        (inner as Schema | undefined)?.[decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~")],
      root,
    );
}

/** The type of a literal value, as a runbook or a schema's `enum` has it. */
export function typeOfValue(value: unknown): CelType {
  if (value === null) return NULL;
  if (Array.isArray(value)) return listOf(unifyAll(value.map(typeOfValue)));
  switch (typeof value) {
    case "string":
      return { kind: "string", values: [value] };
    case "boolean":
      return BOOL;
    case "number":
      return Number.isInteger(value) ? INT : DOUBLE;
    default:
      return objectOf(
        Object.fromEntries(
          Object.entries(Object(value) as object).map(([key, inner]) => [key, typeOfValue(inner)]),
        ),
      );
  }
}

/** What expressions see of an input: sizes are bytes; without a default it may be null. */
export function typeOfInput(spec: InputSpec): CelType {
  const type =
    spec.type === "array"
      ? listOf(typeOfScalar(spec.items ?? { type: "string" }))
      : typeOfScalar({ ...spec, type: spec.type });
  return spec.required === true || spec.default !== undefined ? type : orNull(type);
}

function typeOfScalar({ type, enum: values }: ValueSpec): CelType {
  switch (type) {
    case "string":
      return values === undefined ? STRING : { kind: "string", values: values.map(String) };
    case "boolean":
      return BOOL;
    case "number":
      return DOUBLE;
    case "duration":
      return DURATION;
    default:
      return INT;
  }
}

/** The types that a schema takes, one for each alternative; undefined where it takes any. */
export function typesTaken(schema: unknown, root: unknown = schema): readonly CelType[] | undefined {
  if (typeof schema !== "object" || schema === null) return undefined;
  const { $ref, anyOf, oneOf, type } = schema as Schema;
  if (typeof $ref === "string") return typesTaken(resolvePointer($ref, root), root);
  const branches = anyOf ?? oneOf;
  if (Array.isArray(branches)) {
    const taken = branches.map((branch) => typesTaken(branch, root));
    return taken.every((types) => types !== undefined) ? taken.flat() : undefined;
  }
  if (Array.isArray(type))
    return (type as unknown[]).flatMap((one) => typesTaken({ ...schema, type: one }, root) ?? [DYN]);
  const only = typeOfSchema(schema, root);
  return only.kind === "dyn" ? undefined : [only];
}

/** Whether a value of a type, as data, can be what is taken, as far as both are known; null is another question. */
export function canBe(made: CelType, taken: readonly CelType[]): boolean {
  const type = dataTypeOf(made);
  if (type.kind === "dyn" || type.kind === "null") return true;
  if (type.kind === "string" && type.values !== undefined) {
    const { values } = type;
    return values.every((value) => taken.some((one) => takesText(one, value)));
  }
  return taken.some((one) => takesKind(type, one));
}

function takesText(taken: CelType, value: string): boolean {
  if (taken.kind === "dyn") return true;
  return taken.kind === "string" && (taken.values === undefined || taken.values.includes(value));
}

function takesKind(type: CelType, taken: CelType): boolean {
  if (taken.kind === "dyn") return true;
  // A whole number is a number, and a number may be whole.
  if (isNumber(type)) return isNumber(taken);
  if (type.kind === "list") return taken.kind === "list" && canBe(type.item, [taken.item]);
  return isMapping(type) ? isMapping(taken) : type.kind === taken.kind;
}

/** The schema of a part of what a schema describes; undefined where it says nothing of it. */
export function schemaAt(
  schema: unknown,
  path: readonly (string | number)[],
  root: unknown = schema,
): unknown {
  if (typeof schema !== "object" || schema === null) return undefined;
  const { $ref, properties, additionalProperties, items } = schema as Schema;
  if (typeof $ref === "string") return schemaAt(resolvePointer($ref, root), path, root);
  const [segment, ...rest] = path;
  if (segment === undefined) return schema;
  if (typeof segment === "number") return schemaAt(items, rest, root);
  const known = properties as Schema | undefined;
  if (known !== undefined && Object.hasOwn(known, segment)) return schemaAt(known[segment], rest, root);
  return schemaAt(additionalProperties, rest, root);
}
