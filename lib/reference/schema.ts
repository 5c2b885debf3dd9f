import { readSchema } from "../document/index.js";
import { code, describeDefault, describeType, HEAD, nameOf, prose, table, type Schema } from "./markdown.js";

/** docs/runbook.md: every key of a runbook, from its schema. */
export function runbookPage(): string {
  const root = readSchema("runbook") as Schema;
  const sections: string[] = [];
  const queue: { readonly title: string; readonly schema: Schema }[] = [{ title: "Runbook", schema: root }];
  const seen = new Set<string>();
  const later = (title: string, schema: Schema): void => {
    if (seen.has(title)) return;
    seen.add(title);
    queue.push({ title, schema });
  };
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { title, schema } = next;
    sections.push(...describeObject(title, schema));
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      for (const [inner, found] of objectsIn(name, property, root)) later(inner, found);
    }
  }
  return [HEAD, "", "# Runbook reference", "", ...INTRODUCTION, ...sections].join("\n");
}

const INTRODUCTION = [
  "Every key of a runbook, from `schemas/runbook.json`; unknown keys are errors. Durations (`500ms`, `30s`, `10m`, `1h`)",
  "and sizes (`64KiB`, `100MiB`) carry their unit. `${{ … }}` is an expression: see [expressions.md](expressions.md).",
  "Kinds of steps are in [steps.md](steps.md), permissions in [permissions.md](permissions.md).",
  "",
];

function describeObject(title: string, schema: Schema): string[] {
  const properties = Object.entries(schema.properties ?? {});
  const required = new Set(schema.required ?? []);
  const rows = properties.map(([name, property]) => [
    code(name),
    describeType(linked(name, property)),
    describeDefault(property, required.has(name)),
    [prose(property.description ?? ""), exampleOf(property)].filter((part) => part !== "").join(" "),
  ]);
  return [
    `## ${title}`,
    "",
    prose(schema.description ?? ""),
    "",
    ...table(["key", "takes", "default", ""], rows),
  ];
}

/** An object with keys of its own gets a section, and is referred to. */
function linked(name: string, schema: Schema): Schema {
  if (schema.properties !== undefined) return { $ref: `#/${name}` };
  if (schema.items?.properties !== undefined) return { ...schema, items: { $ref: `#/${name}` } };
  return schema;
}

function* objectsIn(name: string, schema: Schema, root: Schema): Generator<[string, Schema]> {
  const target = schema.$ref === undefined ? schema : (root.$defs?.[nameOf(schema.$ref)] ?? {});
  const title = schema.$ref === undefined ? name : nameOf(schema.$ref);
  if (target.properties !== undefined) yield [title, target];
  if (target.items !== undefined) yield* objectsIn(name, target.items, root);
  if (typeof target.additionalProperties === "object")
    yield* objectsIn(name, target.additionalProperties, root);
  for (const branch of target.anyOf ?? []) yield* objectsIn(name, branch, root);
}

function exampleOf({ examples = [] }: Schema): string {
  const [first] = examples;
  return first === undefined
    ? ""
    : `Example: ${code(typeof first === "string" ? first : JSON.stringify(first))}.`;
}
