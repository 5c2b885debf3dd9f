const made = new WeakMap<object, object>();

/**
 * The schema of what a step takes, as a runbook writes it down: a property is a value that fits, or text with an expression,
 * whose value is known only in the run.
 */
export function orExpression(schema: object): object {
  const known = made.get(schema);
  if (known !== undefined) return known;
  const { properties = {} } = schema as { readonly properties?: Readonly<Record<string, object>> };
  const either = Object.entries(properties).map(([name, property]) => [
    name,
    { anyOf: [property, { type: "string", pattern: "\\$\\{\\{" }] },
  ]);
  const written = { ...schema, properties: Object.fromEntries(either) as Readonly<Record<string, object>> };
  made.set(schema, written);
  return written;
}
