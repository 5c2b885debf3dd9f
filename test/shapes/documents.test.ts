import t from "tap";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseDocument, readSchema, validateValue, type SchemaName } from "../../lib/document/index.js";
import { documents } from "../../lib/shapes/generated/documents.js";
import { fc } from "../fixtures/property.js";

const RUNBOOKS = fileURLToPath(new URL("../../runbooks", import.meta.url));
const HEAD = { apiVersion: "hopbook.dev/v1" };

/** A schema's document, of the package or by hand: the fullest there is. */
const EXAMPLES: Readonly<Record<string, unknown>> = {
  runbook: read("trace-path.yaml"),
  "runbook-test": read("templates/trace.test.yaml"),
  "hop-recipe": read("cni/flannel-vxlan.yaml"),
  naming: read("cni/names/calico.yaml"),
  "next-steps": read("next/steps.yaml"),
  "cni-evidence": read("cni/evidence/calico.yaml"),
  "cluster-profile": {
    ...{ ...HEAD, kind: "ClusterProfile", metadata: { name: "lab" } },
    nodes: [{ name: "node-a", address: "10.0.0.1" }],
    access: { via: "ssh", user: "core", sudo: true },
    kube: { kubeconfig: "~/.kube/config", context: "x", namespace: "shop" },
  },
  "permission-profile": {
    ...{ ...HEAD, kind: "PermissionProfile", metadata: { name: "x" } },
    ...{ runbooks: ["look"], allow: { exec: ["node/read"] } },
  },
  "runbook-overlay": {
    ...{ ...HEAD, kind: "RunbookOverlay", target: { runbooks: ["look"] } },
    patch: {
      steps: [
        { id: "links", on: "node/a", timeout: null },
        { id: "pause", $patch: "delete" },
      ],
    },
  },
  "runbook-extension": {
    ...{ ...HEAD, kind: "Runbook", extends: "look", metadata: { name: "y" } },
    steps: [{ id: "routes", $before: "again", run: ["ip", "route"] }],
  },
};

function read(file: string): unknown {
  return parseDocument(readFileSync(join(RUNBOOKS, file), "utf8"), file).data;
}

const fits = (name: string, data: unknown): boolean => documents[name]?.(data) === true;
const isSaidToFit = (name: string, data: unknown): boolean =>
  validateValue(data, schemas[name] ?? {}).length === 0;
const schemas: Record<string, object> = Object.fromEntries(
  Object.keys(documents).map((name) => [name, readSchema(name as SchemaName)]),
);

/** Gives a copy of `data` in which one place, chosen by `at`, is another value; undefined: is not there. */
function changed(data: unknown, at: readonly number[], value: unknown): unknown {
  const [first = 0, ...rest] = at;
  if (typeof data !== "object" || data === null || at.length === 0) return value;
  const keys = Object.keys(data);
  const key = keys[first % (keys.length + 1)] ?? "more";
  const old = (data as Record<string, unknown>)[key];
  const entries = Object.entries({ ...data, [key]: changed(old, rest, value) });
  const kept = entries.filter(([, inner]) => inner !== undefined);
  return Array.isArray(data) ? kept.map(([, inner]) => inner) : Object.fromEntries(kept);
}

t.test("every kind of document that is read has one, and it takes what is right", (t) => {
  t.strictSame(Object.keys(documents).sort(), Object.keys(EXAMPLES).sort());
  for (const [name, example] of Object.entries(EXAMPLES)) t.ok(fits(name, example), name);
  const files = readdirSync(RUNBOOKS, { recursive: true, encoding: "utf8" });
  for (const file of files.filter((one) => /^[a-z-]+\.yaml$/.test(one)))
    t.ok(fits("runbook", read(file)), file);
  t.end();
});

t.test("what it lets through is what ajv lets through, whatever is changed", (t) => {
  const value = fc.constantFrom<unknown>(
    ...[
      undefined,
      null,
      "",
      "x",
      "😀".repeat(128),
      "😀".repeat(129),
      "a".repeat(1001),
      -1,
      0,
      1.5,
      1e9,
      true,
    ],
    ...[
      [],
      {},
      [1, 1],
      [{ a: 1 }, { a: 1 }],
      ["x", "x"],
      { a: 1 },
      "5s",
      "1/2",
      "a-b",
      "../x",
      "${{ inputs.x }}",
    ],
  );
  const seen = { right: 0, wrong: 0 };
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.keys(EXAMPLES)),
      fc.array(fc.tuple(fc.array(fc.nat(9), { minLength: 1, maxLength: 7 }), value), { maxLength: 2 }),
      (name, changes) => {
        const data = changes.reduce((before, [at, to]) => changed(before, at, to), EXAMPLES[name]);
        const right = fits(name, data);
        seen[right ? "right" : "wrong"] += 1;
        return right === isSaidToFit(name, data);
      },
    ),
    { numRuns: 1500 },
  );
  t.ok(seen.right > 100 && seen.wrong > 100, JSON.stringify(seen));
  t.end();
});
