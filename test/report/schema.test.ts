import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import t from "tap";
import { createRunFolder, readFindings } from "../../lib/artifacts/index.js";
import { buildFindings, healthy } from "./samples.js";
import { ALL_SAMPLES as SAMPLES } from "./many.js";

const readSchema = (name: string): object =>
  JSON.parse(readFileSync(new URL(`../../schemas/${name}.json`, import.meta.url), "utf8")) as object;
const ajv = new Ajv2020({ strict: true, allErrors: true });
const validate = ajv.compile(readSchema("findings"));
const validateManifest = ajv.compile(readSchema("manifest"));

type Json = Record<string, unknown>;
const clone = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;

/** Every object in a value, with a path for messages. */
function* walkObjects(value: unknown, at = "$"): Generator<[string, Json]> {
  if (value === null || typeof value !== "object") return;
  if (!Array.isArray(value)) yield [at, value as Json];
  for (const [key, item] of Object.entries(value)) yield* walkObjects(item, `${at}.${key}`);
}

t.test("every sample is valid, and as readFindings reads it", async (t) => {
  for (const [name, findings] of Object.entries(SAMPLES)) {
    t.ok(validate(clone(findings)), `${name}: ${ajv.errorsText(validate.errors)}`);
    const folder = await createRunFolder({
      out: t.testdir(),
      runbook: "trace-path",
      target: name,
      now: new Date(),
      id: name,
    });
    await folder.writeJson("findings.json", findings);
    await folder.finish();
    t.strictSame(await readFindings(folder.dir), clone(findings), name);
    const manifest: unknown = JSON.parse(readFileSync(join(folder.dir, "manifest.json"), "utf8"));
    t.ok(validateManifest(manifest), ajv.errorsText(validateManifest.errors));
  }
});

t.test("schema and reader refuse the same: unknown keys, missing keys, wrong types", async (t) => {
  const folder = await createRunFolder({
    out: t.testdir(),
    runbook: "r",
    target: "t",
    now: new Date(),
    id: "i",
  });
  const sample = clone(buildFindings([{ ...healthy, timeline: healthy.timeline.slice(0, 1) }]));
  const mutants: [string, Json][] = [];
  const places = [...walkObjects(sample)].filter(([at]) => !/\.hops\.[1-7]|checks\.1/.test(at));
  for (const [at, object] of places) {
    object["extra"] = 1;
    mutants.push([`${at} + extra`, clone(sample)]);
    delete object["extra"];
    for (const key of Object.keys(object)) {
      const kept = object[key];
      object[key] = { wrong: true };
      mutants.push([`${at}.${key} wrong`, clone(sample)]);
      delete object[key];
      mutants.push([`${at} - ${key}`, clone(sample)]);
      object[key] = kept;
    }
  }
  t.ok(mutants.length > 80);
  for (const [name, mutant] of mutants) {
    await folder.writeJson("findings.json", mutant);
    const refused = await readFindings(folder.dir).then(
      () => false,
      (error: unknown) => (error as { code?: string }).code === "EVIDENCE_INVALID",
    );
    if (validate(mutant) || !refused) t.fail(name);
  }
  await t.rejects(readFindings(t.testdir({ "findings.json": "{" })), { code: "EVIDENCE_INVALID" });
  await t.rejects(readFindings(t.testdir({})), { code: "EVIDENCE_INVALID" });
});

t.test("a manifest with an unknown key is refused", async (t) => {
  t.notOk(validateManifest({ apiVersion: "hopbook.dev/v1", kind: "Manifest", extra: 1 }));
  t.match(ajv.errorsText(validateManifest.errors), /additional properties/);
});
