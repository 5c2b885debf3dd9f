/**
 * A small description of what a JSON value has to be. Evidence comes from a folder that anybody may have
 * written, so everything that analysis relies on is looked at once, here.
 */
export type Shape = (value: unknown, path: string) => string | null;

export const text: Shape = (value, path) => (typeof value === "string" ? null : `${path} is no text`);
export const flag: Shape = (value, path) =>
  typeof value === "boolean" ? null : `${path} is not true or false`;
export const count: Shape = (value, path) =>
  typeof value === "number" && Number.isFinite(value) ? null : `${path} is no number`;

export function orNull(shape: Shape): Shape {
  return (value, path) => (value === null || value === undefined ? null : shape(value, path));
}

export function oneOf(...values: readonly unknown[]): Shape {
  return (value, path) => (values.includes(value) ? null : `${path} is none of ${values.join(", ")}`);
}

export function listOf(shape: Shape): Shape {
  return (value, path) => {
    if (!Array.isArray(value)) return `${path} is no list`;
    for (const [index, item] of value.entries()) {
      const wrong = shape(item, `${path}[${index}]`);
      if (wrong !== null) return wrong;
    }
    return null;
  };
}

export function record(fields: Readonly<Record<string, Shape>>): Shape {
  return (value, path) => {
    if (!isObject(value)) return `${path} is no object`;
    for (const [name, shape] of Object.entries(fields)) {
      const wrong = shape(Object.hasOwn(value, name) ? value[name] : undefined, `${path}.${name}`);
      if (wrong !== null) return wrong;
    }
    return null;
  };
}

export function mapOf(shape: Shape): Shape {
  return (value, path) => {
    if (!isObject(value)) return `${path} is no object`;
    return listOf(shape)(Object.values(value), path);
  };
}

/** A path below the run folder: an archive from elsewhere must not make us read other files. */
export const insidePath: Shape = (value, path) => {
  if (typeof value !== "string" || value === "") return `${path} is no path`;
  const parts = value.split(/[\\/]/);
  const isInside = !value.startsWith("/") && !parts.includes("..") && !value.includes("\0");
  return isInside ? null : `${path} leads out of the run folder`;
};

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
