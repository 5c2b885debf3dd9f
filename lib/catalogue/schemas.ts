import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { nearest } from "../document/nearest.js";
import { HopbookError } from "../errors.js";
import { SCHEMA_DIR } from "./places.js";

/** Names of the JSON Schemas (2020-12) that come with hopbook: `runbook`, `cluster-profile`, … */
export async function listSchemas(): Promise<readonly string[]> {
  const files = await readdir(SCHEMA_DIR);
  return files
    .filter((file) => file.endsWith(".json"))
    .map((file) => file.slice(0, -".json".length))
    .sort();
}

/**
 * A schema as JSON text that stands by itself: what it takes from the others is within, since an editor has but this
 * one file and may be offline. Throws USAGE where there is none of that name.
 */
export async function readSchemaText(name: string): Promise<string> {
  const names = await listSchemas();
  if (!names.includes(name)) {
    const near = nearest(name, names);
    throw new HopbookError("USAGE", `Cannot print the schema ${name}: there is none of that name`, {
      hint: near === undefined ? `There are ${names.join(", ")}` : `Did you mean ${near}?`,
    });
  }
  const bundle = new Map<string, Json>();
  const root = await embed(name, { prefix: "#", bundle });
  const { $defs = {}, ...rest } = root;
  const all = { ...($defs as Json), ...Object.fromEntries(bundle) };
  const whole = Object.keys(all).length === 0 ? rest : { ...rest, $defs: all };
  return `${JSON.stringify(whole, null, 2)}\n`;
}

type Json = Record<string, unknown>;

/** `https://hopbook.dev/schemas/runbook.json#/$defs/step`, and the same within a file. */
const REF = /^(?:https:\/\/hopbook\.dev\/schemas\/(?:v1\/)?([a-z-]+)\.json)?(#.*)?$/;

interface Embedding {
  /** Where the schema comes to stand: `#`, `#/$defs/runbook`. */
  readonly prefix: string;
  /** Schemas that others refer to, by name. */
  readonly bundle: Map<string, Json>;
}

async function embed(name: string, { prefix, bundle }: Embedding): Promise<Json> {
  const schema = JSON.parse(await readFile(join(SCHEMA_DIR, `${name}.json`), "utf8")) as Json;
  const wanted = new Set<string>();
  const rewrite = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map(rewrite);
    return Object.fromEntries(
      Object.entries(value as Json).map(([key, inner]) => {
        const [, other, pointer = "#"] =
          (key === "$ref" && typeof inner === "string" && REF.exec(inner)) || [];
        if (key !== "$ref") return [key, rewrite(inner)];
        if (other !== undefined && other !== name) wanted.add(other);
        const base = other === undefined || other === name ? prefix : `#/$defs/${other}`;
        return [key, `${base}${pointer.slice(1)}`];
      }),
    );
  };
  const rewritten = rewrite(schema) as Json;
  for (const other of wanted) {
    if (bundle.has(other)) continue;
    bundle.set(other, {});
    const inner = await embed(other, { prefix: `#/$defs/${other}`, bundle });
    // Within another one it has no place of its own.
    delete inner["$id"];
    delete inner["$schema"];
    bundle.set(other, inner);
  }
  return rewritten;
}
