import t from "tap";
import { Ajv2020 } from "ajv/dist/2020.js";
import { readFileSync } from "node:fs";
import { listSchemas, readSchemaText } from "../../lib/catalogue/schemas.js";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseDocument } from "../../lib/document/index.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const NAMES = await listSchemas();

interface Schema {
  readonly $id?: string;
  readonly $schema?: string;
  readonly $ref?: string;
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly [key: string]: unknown;
}

const load = async (name: string): Promise<Schema> => JSON.parse(await readSchemaText(name)) as Schema;

/** Every schema that stands behind a property's name, with its JSON pointer. */
function* properties(schema: unknown, pointer = ""): Generator<[string, Schema]> {
  if (typeof schema !== "object" || schema === null) return;
  for (const [key, value] of Object.entries(schema)) {
    // What stands in them is data, and no schema.
    if (["default", "examples", "const", "enum"].includes(key)) continue;
    if (key === "properties") {
      for (const [name, property] of Object.entries(value as Record<string, Schema>)) {
        yield [`${pointer}/properties/${name}`, property];
      }
    }
    yield* properties(value, `${pointer}/${key}`);
  }
}

function follow(root: Schema, schema: Schema): Schema {
  // What may also be null is described within.
  const [branch] = (schema["anyOf"] ?? []) as readonly Schema[];
  if (schema.$ref === undefined)
    return branch === undefined ? schema : { ...follow(root, branch), ...schema };
  const target = schema.$ref
    .replace(/^#\//, "")
    .split("/")
    .reduce<unknown>((at, key) => (at as Record<string, unknown>)[key.replaceAll("~1", "/")], root);
  return { ...follow(root, target as Schema), ...schema };
}

for (const name of NAMES) {
  t.test(`${name}: an editor has something to show for every key`, async (t) => {
    const root = await load(name);
    t.equal(root.$schema, "https://json-schema.org/draft/2020-12/schema");
    t.match(root.$id, new RegExp(`/${name}\\.json$`));
    t.ok(root.title, "it has a title");
    t.ok(root.description, "it says what the file is");
    // Branches only narrow what is described where the key is declared.
    const silent = [...properties(root)]
      .filter(([pointer]) => !/\/(if|then|else|not|allOf|dependentSchemas)\//.test(pointer))
      .filter(([, property]) => {
        const { description } = follow(root, property);
        return typeof description !== "string" || description.length < 5;
      })
      .map(([pointer]) => pointer);
    t.strictSame(silent, []);
  });

  t.test(`${name}: its defaults and examples fit it`, async (t) => {
    const root = await load(name);
    const ajv = new Ajv2020({ strict: false, discriminator: true });
    ajv.addSchema(root, "root");
    const wrong: string[] = [];
    for (const [pointer, property] of properties(root)) {
      const samples = [...(property.examples ?? []), ...("default" in property ? [property.default] : [])];
      if (samples.length === 0) continue;
      const encoded = pointer.split("/").map(encodeURIComponent).join("/");
      const validate = ajv.getSchema(`root#${encoded}`);
      for (const sample of samples) {
        if (validate?.(sample) !== true) wrong.push(`${pointer}: ${JSON.stringify(sample)}`);
      }
    }
    t.strictSame(wrong, []);
  });
}

t.test("what a runbook says of its schema for an editor is no problem", async (t) => {
  const text = readFileSync(join(ROOT, "runbooks/trace-path.yaml"), "utf8");
  const { data } = parseDocument(
    `# yaml-language-server: $schema=runbook.schema.json\n$schema: ./runbook.schema.json\n${text}`,
    "x.yaml",
  );
  const validate = new Ajv2020({ strict: false }).compile(await load("runbook"));
  t.ok(validate(data), JSON.stringify(validate.errors));
});

t.test("a schema stands by itself: every reference stays within it", async (t) => {
  for (const name of NAMES) {
    const text = await readSchemaText(name);
    const refs = [...text.matchAll(/"\$ref": "([^"]+)"/g)].map(([, ref]) => ref ?? "");
    t.strictSame(
      refs.filter((ref) => !ref.startsWith("#")),
      [],
      name,
    );
    t.doesNotThrow(() => new Ajv2020({ strict: false }).compile(JSON.parse(text) as object), name);
  }
});

t.test("a name that is not there gets the near one", async (t) => {
  await t.rejects(readSchemaText("runbok"), { code: "USAGE", hint: "Did you mean runbook?" });
  await t.rejects(readSchemaText("../package"), { code: "USAGE" });
});
