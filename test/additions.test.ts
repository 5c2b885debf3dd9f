import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import t from "tap";
import { DETECTORS } from "../lib/analysis/cause/registry.js";
import { STEP_KINDS } from "../lib/steps/registry.js";
import { WIRE_FORMATS } from "../lib/wire/registry.js";

/** CONTRIBUTING.md, "I want to add": that its lists of files are whole is counted on what was added before. */

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const contributing = readFileSync(join(ROOT, "CONTRIBUTING.md"), "utf8");
const library = readdirSync(join(ROOT, "lib"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => ({ name: `lib/${name}`, text: readFileSync(join(ROOT, "lib", name), "utf8") }));

/** The files of lib/ in which a text stands. */
const filesWith = (text: string): string[] =>
  library.filter((file) => file.text.includes(text)).map(({ name }) => name);
const importersOf = (name: string): string[] => filesWith(`/${name}.js"`);

/** Rows of the table: what is added, the example, the files. */
const rows = [...contributing.matchAll(/^\| (an? [^|]+?) +\| `([^`]+)` +\| (.+?) +\|$/gm)].map(
  ([, what = "", example = "", files = ""]) => ({
    what,
    example,
    files: [...files.matchAll(/`([^`]+)`/g)].map(([, file = ""]) => file),
  }),
);

t.test("every file that the table names is there for its example", async (t) => {
  t.strictSame(
    rows.map(({ what }) => what),
    ["a CNI", "a wire format", "a detector", "a step kind", "a playbook"],
  );
  const missing = rows.flatMap(({ example, files }) =>
    files
      .filter((file) => file.includes("/"))
      .map((file) => file.replaceAll("NAME", example))
      .filter((file) => !existsSync(join(ROOT, file))),
  );
  t.strictSame(missing, []);
});

t.test("a wire format, a detector and a step kind are known to their registries alone", async (t) => {
  const inLibrary = (what: string): string[] =>
    rows.find((row) => row.what === what)?.files.filter((file) => file.startsWith("lib/")) ?? [];
  for (const what of ["a wire format", "a detector", "a step kind"]) {
    t.equal(inLibrary(what).length, 2, `${what}: one file and its registry`);
  }
  for (const { kind } of WIRE_FORMATS) {
    t.strictSame(importersOf(kind), ["lib/wire/registry.ts"], `lib/wire/${kind}.ts`);
  }
  const detectors = readdirSync(join(ROOT, "lib/analysis/cause/detectors"), "utf8").map((name) =>
    name.replace(/\.ts$/, ""),
  );
  const registered = detectors.filter((name) => filesWith(`"./detectors/${name}.js"`).length > 0);
  for (const name of registered) {
    t.strictSame(filesWith(`"./detectors/${name}.js"`), ["lib/analysis/cause/registry.ts"], name);
  }
  t.ok(DETECTORS.length >= registered.length && registered.length > 3);
  for (const name of STEP_KINDS.keys()) {
    const file = name.replace("/", "-");
    const importers = importersOf(file);
    t.ok(importers.includes("lib/steps/registry.ts"), name);
    t.strictSame(
      importers.filter((other) => !other.startsWith("lib/steps/")),
      [],
      name,
    );
  }
});

t.test("a CNI is data: lib/ has no recipe's name", async (t) => {
  const recipes = readdirSync(join(ROOT, "runbooks/cni"), "utf8").filter((name) => name.endsWith(".yaml"));
  t.ok(recipes.length > 1);
  for (const recipe of recipes) {
    const name = recipe.replace(/\.yaml$/, "");
    t.strictSame(
      filesWith(`"${name}"`).filter((file) => !file.startsWith("lib/lab/")),
      [],
      name,
    );
  }
});
