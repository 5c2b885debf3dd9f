/** A validator that is made of a schema in schemas/; `errors` are of its last call. */
export interface Validate<T> {
  (value: unknown): value is T;
  readonly errors?: readonly ShapeError[] | null;
}

interface ShapeError {
  /** JSON pointer. */
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: {
    readonly type?: string | readonly string[];
    readonly allowedValues?: readonly unknown[];
    readonly allowedValue?: unknown;
    readonly additionalProperty?: string;
    readonly missingProperty?: string;
    readonly format?: string;
    readonly pattern?: string;
    readonly comparison?: string;
    readonly limit?: number;
    readonly tag?: string;
    readonly tagValue?: unknown;
  };
}

/**
 * What is wrong with a value that was refused just now, with its place and value:
 * `flows[0].from.port is "80", not a number or null`. `name`: what the whole is called.
 */
export function describeFault(validate: Validate<unknown>, value: unknown, name: string): string {
  // Of alternatives each has its errors: the one that got furthest is the one that was meant.
  const [error] = [...(validate.errors ?? [])].sort((a, b) => depthOf(b) - depthOf(a));
  if (error === undefined) return `${name} is as it should be`;
  const { at, found } = followPointer(error.instancePath, value, name);
  const { additionalProperty, missingProperty, tag, tagValue } = error.params;
  if (additionalProperty !== undefined)
    return `${at} has an unknown key ${JSON.stringify(additionalProperty)}`;
  if (missingProperty !== undefined) return `${at} lacks the key ${JSON.stringify(missingProperty)}`;
  if (tag !== undefined) return `${at}.${tag} is ${JSON.stringify(tagValue)}, which is not known`;
  return `${at} is ${JSON.stringify(found)?.slice(0, 60)}, not ${wantedBy(error)}`;
}

/** A constant that is not there tells an alternative apart from the one that was meant. */
function depthOf({ instancePath, keyword }: ShapeError): number {
  return keyword === "const" ? 0 : instancePath.split("/").length;
}

function followPointer(pointer: string, value: unknown, name: string): { at: string; found: unknown } {
  let at = name;
  let found = value;
  for (const part of pointer.split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    at += Array.isArray(found) ? `[${key}]` : `.${key}`;
    found = (found as Readonly<Record<string, unknown>>)[key];
  }
  return { at, found };
}

const TYPES: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  integer: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
};

const FORMATS: Readonly<Record<string, string>> = {
  "path-in-folder": "a path that stays in the run folder",
  "date-time": "a time by RFC 3339 in UTC",
};

function wantedBy({ keyword, params }: ShapeError): string {
  const { type, allowedValues, allowedValue, format, pattern, comparison = keyword, limit } = params;
  if (type !== undefined) return [type].flat().map(nameType).join(" or ");
  if (allowedValues !== undefined) return `one of ${allowedValues.join(", ")}`;
  if (allowedValue !== undefined) return JSON.stringify(allowedValue);
  if (format !== undefined) return FORMATS[format] ?? format;
  if (pattern !== undefined) return `as ${pattern} has it`;
  return limit === undefined ? `as its ${keyword} has it` : `${comparison} ${limit}`;
}

function nameType(type: string): string {
  return TYPES[type] ?? type;
}
