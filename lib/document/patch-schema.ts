import { isMapping } from "./layer.js";

type Schema = Readonly<Record<string, unknown>>;

const OVERLAY_ID = "https://hopbook.dev/schemas/runbook-overlay.json";
const EXTENSION_ID = "https://hopbook.dev/schemas/runbook-extension.json";
const DIALECT = "https://json-schema.org/draft/2020-12/schema";
const REF = "#/$defs/";

/** Of a mapping's schema only what it says of single keys holds for a part of the mapping. */
const WHOLE_ONLY: ReadonlySet<string> = new Set([
  "required",
  "minProperties",
  "dependentRequired",
  "if",
  "then",
  "else",
  "allOf",
  "anyOf",
  "oneOf",
  "not",
  "default",
]);

const REPLACE = {
  const: "replace",
  description: "What stands here takes the place of what is below, rather than to be merged with it.",
};

const ITEM_DIRECTIVES = {
  $patch: {
    enum: ["replace", "delete"],
    description:
      "replace: the item takes the place of the one below. delete: that one goes, and nothing comes.",
  },
  $before: {
    type: "string",
    description:
      "The id of the item that this one is to stand before. Default: where it is; a new one at the end.",
  },
  $after: {
    type: "string",
    description: "The id of the item that this one is to stand behind.",
  },
};

/**
 * The schemas of what is laid over a runbook, derived from the runbook's own so that they can't drift apart: every
 * key may be missing, and null deletes it. By file name without `.json`.
 */
export function derivePatchSchemas(runbook: object): Readonly<Record<string, Schema>> {
  const { properties, $defs: defs } = runbook as Record<"properties" | "$defs", Record<string, Schema>>;
  const { apiVersion, extends: base, metadata, $schema, ...rest } = properties;
  const { kind, ...patched } = rest;
  const partialDefs = Object.entries(defs).map(([name, schema]) => [name, partial(schema)] as const);
  const wholeDefs = Object.entries(defs).map(([name, schema]) => [`${name}Whole`, whole(schema)] as const);
  const all = {
    ...Object.fromEntries([...partialDefs, ...wholeDefs]),
    stepItem: item(partial(defs["step"] ?? {})),
    checkItem: item(partial(defs["check"] ?? {})),
  };
  const { name: ownName, ...metadataKeys } = (metadata?.["properties"] ?? {}) as Record<string, Schema>;
  // Its examples have a name.
  const overlayMetadata = partial({ ...metadata, examples: undefined, properties: metadataKeys });
  const lists = ["steps", "checks", "finally"];
  const patch = {
    type: "object",
    description: "What is laid over the runbook: mappings merge, null deletes a key, items go by their id.",
    additionalProperties: false,
    properties: {
      metadata: overlayMetadata,
      ...Object.fromEntries(
        Object.entries(patched).map(([key, schema]) => [
          key,
          lists.includes(key) ? itemList(key, schema) : nullable(partial(schema)),
        ]),
      ),
    },
  };
  const overlay = {
    $schema: DIALECT,
    $id: OVERLAY_ID,
    title: "Runbook overlay",
    description: "What a cluster profile lays over runbooks: see docs/overlays.md.",
    type: "object",
    additionalProperties: false,
    required: ["apiVersion", "kind", "target", "patch"],
    properties: {
      $schema,
      apiVersion,
      kind: { const: "RunbookOverlay", description: "What the file is." },
      metadata: {
        type: "object",
        description: "What the overlay is called, for people.",
        additionalProperties: false,
        properties: { name: ownName, ...metadataKeys },
      },
      target: { $ref: `${REF}target` },
      patch: { $ref: `${REF}patch` },
    },
    $defs: { target: TARGET, patch, ...keepUsed(patch, all) },
  };
  const at = (key: string): Schema => ({ $ref: `${OVERLAY_ID}#/$defs/patch/properties/${key}` });
  const extension = {
    $schema: DIALECT,
    $id: EXTENSION_ID,
    title: "Runbook that extends another",
    description: "What is said here is laid over the runbook that is named: see docs/overlays.md.",
    type: "object",
    additionalProperties: false,
    required: ["apiVersion", "kind", "extends", "metadata"],
    properties: {
      $schema,
      apiVersion,
      kind,
      extends: base,
      metadata: {
        ...overlayMetadata,
        required: ["name"],
        properties: { name: ownName, ...(overlayMetadata["properties"] as object) },
      },
      ...Object.fromEntries(Object.keys(patched).map((key) => [key, at(key)])),
    },
  };
  return { "runbook-overlay": overlay, "runbook-extension": extension };
}

const TARGET = {
  type: "object",
  description: "Which runbooks it is laid over.",
  additionalProperties: false,
  required: ["runbooks"],
  properties: {
    runbooks: {
      type: "array",
      minItems: 1,
      maxItems: 200,
      uniqueItems: true,
      description: "Names of runbooks; * stands for any letters.",
      items: { type: "string", pattern: "^[a-z*][a-z0-9*-]{0,62}$" },
      examples: [["trace-path"], ["*"]],
    },
  },
};

function itemList(key: string, { description }: Schema): Schema {
  const items = { $ref: `${REF}${key === "checks" ? "checkItem" : "stepItem"}` };
  return nullable({ type: "array", maxItems: 200, description, items });
}

function item(schema: Schema): Schema {
  const { $patch, ...properties } = schema["properties"] as Record<string, Schema>;
  // The id says which item is meant: it can't be deleted.
  const id = { ...properties["id"], type: "string" };
  return { ...schema, required: ["id"], properties: { ...properties, id, ...($patch && ITEM_DIRECTIVES) } };
}

/** A mapping's schema where any part of the mapping will do; another schema as it is. */
function partial(schema: Schema): Schema {
  if (typeof schema["$ref"] === "string") return schema;
  if (schema["type"] !== "object") return whole(schema);
  const kept = Object.entries(schema).filter(([key]) => !WHOLE_ONLY.has(key));
  const { additionalProperties, properties, propertyNames } = schema;
  return {
    ...Object.fromEntries(kept),
    ...(isMapping(properties) && {
      properties: { ...mapValues(properties, (inner) => nullable(partial(inner))), $patch: REPLACE },
    }),
    ...(isMapping(propertyNames) && {
      properties: { $patch: REPLACE },
      propertyNames: { anyOf: [{ const: "$patch" }, propertyNames] },
    }),
    ...(isMapping(additionalProperties) && { additionalProperties: nullable(partial(additionalProperties)) }),
  };
}

function nullable(schema: Schema): Schema {
  // A schema without a type takes null as it is.
  const isAny = !["$ref", "type", "enum", "const", "anyOf", "oneOf"].some((key) => key in schema);
  if (isAny) return schema;
  const isTyped = typeof schema["type"] === "string" && !("enum" in schema);
  if (isTyped) return { ...schema, type: [schema["type"], "null"] };
  const { description, ...rest } = schema;
  return { ...(description !== undefined && { description }), anyOf: [rest, { type: "null" }] };
}

/** What is replaced as a whole has to be whole: its references lead to the definitions as the runbook has them. */
function whole(schema: Schema): Schema {
  const change = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(change);
    if (!isMapping(value)) return value;
    const entries = Object.entries(value).map(([key, inner]) => [
      key,
      key === "$ref" ? `${String(inner)}Whole` : change(inner),
    ]);
    return Object.fromEntries(entries);
  };
  return change(schema) as Schema;
}

/** The definitions that are referred to, from `root` on. */
function keepUsed(root: unknown, defs: Readonly<Record<string, Schema>>): Record<string, Schema> {
  const used = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      const name = key === "$ref" ? String(inner).slice(REF.length) : undefined;
      if (name === undefined) visit(inner);
      else if (!used.has(name)) {
        used.add(name);
        visit(defs[name]);
      }
    }
  };
  visit(root);
  return Object.fromEntries(Object.entries(defs).filter(([name]) => used.has(name)));
}

function mapValues(
  values: Readonly<Record<string, unknown>>,
  change: (schema: Schema) => Schema,
): Record<string, Schema> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value as Schema)]));
}
