// Writes lib/shapes/generated/ from schemas/: for each schema below a validator that needs no ajv at run time, and the
// type of what it lets through; and one of what each step kind takes. With --check it says where a file differs from what
// would be written.
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import standalone from "ajv/dist/standalone/index.js";
import { build, transformSync } from "esbuild";

/** By schema: what is exported, and where in the schema it stands. */
const SCHEMAS = {
  findings: { findings: "#" },
  manifest: { manifest: "#" },
  plan: { plan: "#" },
  recording: { header: "#/$defs/header", entry: "#/$defs/entry", turn: "#/$defs/turn" },
  evidence: {
    run: "#/$defs/run",
    flows: "#/$defs/flows",
    captures: "#/$defs/captures",
    points: "#/$defs/points",
    traffic: "#/$defs/traffic",
    state: "#/$defs/state",
    drops: "#/$defs/drops",
    insidePath: "#/$defs/insidePath",
  },
};

/** Schemas of what people write, which name each other: whether a document fits. What is wrong with one is told by ajv. */
const DOCUMENTS = [
  ...["runbook", "runbook-overlay", "runbook-extension", "runbook-test"],
  ...["cluster-profile", "permission-profile", "hop-recipe", "cni-evidence", "naming", "next-steps"],
];

/** What schemas/ means by a format: evidence comes from anybody, so that a path must stay in its folder. */
const FORMATS = {
  "path-in-folder": /^(?!\/)(?!(?:[^]*[\\/])?\.\.(?:[\\/]|$))[^\0]+$/,
  "date-time":
    /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?Z$/,
};

const OPTIONS = {
  ...{ strict: true, strictRequired: false, allowUnionTypes: true, discriminator: true },
  ...{ messages: false, inlineRefs: false, unicode: false, formats: FORMATS, logger: false },
  code: { source: true, esm: true },
};

const read = (name) => JSON.parse(readFileSync(new URL(`../schemas/${name}.json`, import.meta.url), "utf8"));
const camel = (name) => name.replaceAll(/-(.)/g, (_, letter) => letter.toUpperCase());
const pascal = (name) => name.charAt(0).toUpperCase() + name.slice(1);

/** Without what is for people: parts of a schema stand in the code that is made of it. */
function bare(schema, isMap = false) {
  if (typeof schema !== "object" || schema === null) return schema;
  if (Array.isArray(schema)) return schema.map((one) => bare(one));
  const words = ["description", "title", "examples", "$comment"];
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([key]) => isMap || !words.includes(key))
      .map(([key, value]) => [key, bare(value, !isMap && (key === "properties" || key === "$defs"))]),
  );
}

/** The TypeScript type of what fits a schema. */
function typeOf(schema) {
  if (schema === undefined || schema === true) return "unknown";
  if (schema.$ref !== undefined) return pascal(schema.$ref.replace("#/$defs/", ""));
  if ("const" in schema) return JSON.stringify(schema.const);
  const branches =
    schema.enum?.map((value) => JSON.stringify(value)) ?? (schema.oneOf ?? schema.anyOf)?.map(typeOf);
  if (branches !== undefined) return branches.join(" | ");
  if (Array.isArray(schema.type)) return schema.type.map((type) => typeOf({ ...schema, type })).join(" | ");
  switch (schema.type) {
    case "integer":
      return "number";
    case "array":
      return schema.minItems === 1
        ? `readonly [${typeOf(schema.items)}, ...(${typeOf(schema.items)})[]]`
        : `readonly (${typeOf(schema.items)})[]`;
    case "object":
      return typeOfObject(schema);
    default:
      return schema.type ?? "unknown";
  }
}

function typeOfObject({ properties, required = [], additionalProperties }) {
  if (properties === undefined) return `Readonly<Record<string, ${typeOf(additionalProperties)}>>`;
  const fields = Object.entries(properties).map(
    ([name, schema]) => `readonly ${name}${required.includes(name) ? "" : "?"}: ${typeOf(schema)};`,
  );
  return `{ ${fields.join(" ")} }`;
}

function generate(name, exported) {
  const schema = bare(read(name));
  const ajv = new Ajv2020(OPTIONS);
  ajv.addSchema({ ...schema, $id: name }, name);
  const ids = Object.fromEntries(
    Object.entries(exported).map(([key, pointer]) => [
      `${key}Validator`,
      pointer === "#" ? name : `${name}${pointer}`,
    ]),
  );
  const { $defs = {}, ...root } = schema;
  const types = Object.entries({ ...$defs, ...("type" in root && { [name]: root }) });
  return [
    `// @ts-nocheck Made of schemas/${name}.json by bin/validators.js: run npm run validators`,
    'import type { Validate } from "../fault.js";',
    ...types.map(([key, value]) => `export type ${pascal(key)} = ${typeOf(value)};`),
    standaloneOf(ajv, ids, name),
    ...Object.keys(exported).map((key) => `export const ${key}: Validate<${pascal(key)}> = ${key}Validator;`),
    "",
  ].join("\n");
}

function generateDocuments() {
  // As lib/document/schema.ts has them.
  const ajv = new Ajv2020({ ...OPTIONS, unicode: true, formats: {} });
  const schemas = DOCUMENTS.map((name) => [name, bare(read(name))]);
  for (const [name, schema] of schemas) ajv.addSchema(schema, name);
  const ids = Object.fromEntries(schemas.map(([name, { $id }]) => [camel(name), $id]));
  return [
    "// @ts-nocheck Made of schemas/ by bin/validators.js: run npm run validators",
    'import equal from "ajv/dist/runtime/equal.js";',
    'import ucs2length from "ajv/dist/runtime/ucs2length.js";',
    'import type { Validate } from "../fault.js";',
    standaloneOf(ajv, ids, "documents"),
    "export const documents: Readonly<Partial<Record<string, Validate<unknown>>>> = {",
    ...DOCUMENTS.map((name) => `  ${JSON.stringify(name)}: ${camel(name)},`),
    "};",
    "",
  ].join("\n");
}

/** By what lib/document/known-value.ts takes a schema for the same. */
async function generateStepInputs() {
  // As lib/document/schema.ts has them.
  const ajv = new Ajv2020({ ...OPTIONS, unicode: true, formats: {} });
  const ids = {};
  for (const name of DOCUMENTS) ajv.addSchema(bare(read(name)), name);
  const schemas = new Map();
  const { STEP_KINDS, orExpression } = await loadStepKinds();
  for (const { inputSchema } of STEP_KINDS.values()) {
    for (const schema of [inputSchema, orExpression(inputSchema)])
      schemas.set(createHash("sha256").update(JSON.stringify(schema)).digest("hex"), bare(schema));
  }
  const parts = new Map();
  const shared = [...schemas].map(([digest, schema]) => [digest, shareParts(schema, parts)]);
  ajv.addSchema({ $id: "parts", $defs: Object.fromEntries(parts.values()) }, "parts");
  for (const [digest, schema] of shared) {
    ids[`of${digest}`] = digest;
    ajv.addSchema({ ...schema, $id: digest }, digest);
  }
  return [
    "// @ts-nocheck Made of what lib/steps/ takes by bin/validators.js: run npm run validators",
    'import equal from "ajv/dist/runtime/equal.js";',
    'import ucs2length from "ajv/dist/runtime/ucs2length.js";',
    'import type { Validate } from "../fault.js";',
    standaloneOf(ajv, ids, "step-inputs"),
    "/** By the SHA-256 of a schema as JSON. */",
    "export const stepInputs: Readonly<Partial<Record<string, Validate<unknown>>>> = {",
    ...Object.entries(ids).map(([key, digest]) => `  "${digest}": ${key},`),
    "};",
    "",
  ].join("\n");
}

/** What stands in several places (a hop, a flow) is compiled once: `parts` gets it by its JSON, with a name. */
function shareParts(schema, parts, isMap = false) {
  if (typeof schema !== "object" || schema === null) return schema;
  if (Array.isArray(schema)) return schema.map((one) => shareParts(one, parts));
  const json = JSON.stringify(schema);
  const isPart = !isMap && ["object", "array"].includes(schema.type) && json.length > 100;
  if (isPart && parts.has(json)) return { $ref: `parts#/$defs/${parts.get(json)[0]}` };
  const made = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [
      key,
      shareParts(value, parts, !isMap && (key === "properties" || key === "$defs")),
    ]),
  );
  if (!isPart) return made;
  const name = `part${parts.size}`;
  parts.set(json, [name, made]);
  return { $ref: `parts#/$defs/${name}` };
}

/** Of the sources as they are now: what is made of them here is not there yet, or of before. */
async function loadStepKinds() {
  const root = fileURLToPath(new URL("../", import.meta.url));
  mkdirSync(join(root, ".build"), { recursive: true });
  const made = mkdtempSync(join(root, ".build/step-kinds-"));
  const contents =
    'export { STEP_KINDS } from "./lib/steps/registry.ts"; export { orExpression } from "./lib/runbook/or-expression.ts";';
  const withoutInputs = {
    name: "without-inputs",
    setup({ onLoad }) {
      onLoad({ filter: /generated.step-inputs\.ts$/ }, () => ({ contents: "export const stepInputs = {};" }));
    },
  };
  try {
    const outfile = join(made, "registry.mjs");
    await build({
      ...{ stdin: { contents, resolveDir: root }, outfile, bundle: true, format: "esm" },
      ...{ platform: "node", packages: "external", logLevel: "error", plugins: [withoutInputs] },
    });
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(made, { recursive: true });
  }
}

/** The functions that `ids` names, as JavaScript that needs of ajv at most two small functions. */
function standaloneOf(ajv, ids, name) {
  const made = standalone
    .default(ajv, ids)
    .replaceAll("export const ", "const ")
    .replaceAll(/require\("ajv\/dist\/runtime\/(equal|ucs2length)"\)/g, "$1");
  if (made.includes("require(")) throw new Error(`${name}: its validator needs ajv at run time`);
  const { code } = transformSync(made, { minify: true, target: "es2023", charset: "utf8" });
  return code.trimEnd().replaceAll(/(?<=[};])(?=function )/g, "\n");
}

const isCheck = process.argv.includes("--check");
const folder = new URL("../lib/shapes/generated/", import.meta.url);
mkdirSync(folder, { recursive: true });
const files = [
  ...Object.entries(SCHEMAS).map(([name, exported]) => [name, generate(name, exported)]),
  ["documents", generateDocuments()],
  ["step-inputs", await generateStepInputs()],
];
for (const [name, wanted] of files) {
  const file = new URL(`${name}.ts`, folder);
  let current = "";
  try {
    current = readFileSync(file, "utf8");
  } catch {
    // Not there yet: it differs.
  }
  if (current === wanted) continue;
  if (isCheck) {
    console.error(`lib/shapes/generated/${name}.ts is not what its schema says: run npm run validators`);
    process.exitCode = 1;
  } else writeFileSync(file, wanted);
}
