import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import t from "tap";

/** What programs of users import, and what is written by a program: all else of lib/ exports nothing that no other file imports, nor for tests alone. */
const PUBLIC = ["lib/script/guest/", "lib/shapes/generated/", "lib/index.ts"];

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const DECLARED =
  /^export (?:declare |abstract |async )*(?:function\*?|const|class|interface|type|enum) (\w+)/gm;
const NAMED = /\b(import|export)\s+(?:type\s+)?(?:\w+,\s*)?\{([^}]*)\}\s*from\s*"(\.[^"]+)"/g;
const WHOLE = /(?:import\s+\*\s+as\s+\w+\s+from|export\s+(?:type\s+)?\*\s+from|import\()\s*"(\.[^"]+)"/g;

const list = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.[jt]s$/.test(name))
    .map((name) => join(folder, name));

/** The file of lib/ that an import leads to; the built one counts as its source. */
const targetOf = (from: string, specifier: string): string =>
  relative(ROOT, resolve(ROOT, dirname(from), specifier))
    .replace(/^dist\/bundle\//, "lib/cli/")
    .replace(/^dist\//, "lib/")
    .replace(/\.js$/, ".ts");

t.test("nothing is exported that nobody imports", async (t) => {
  const exported = new Set<string>();
  const declared = new Set<string>();
  const used = new Set<string>();
  const served = new Set<string>();
  for (const file of ["lib", "test", "bench", "bin", "docs"].flatMap(list)) {
    const text = readFileSync(join(ROOT, file), "utf8");
    const isStrict = file.startsWith("lib/") && !PUBLIC.some((place) => file.startsWith(place));
    if (isStrict) {
      for (const [, name = ""] of text.matchAll(DECLARED)) {
        exported.add(`${file}: ${name}`);
        declared.add(`${file}: ${name}`);
        if ([...text.matchAll(new RegExp(`\\b${name}\\b`, "g"))].length > 1) served.add(`${file}: ${name}`);
      }
    }
    for (const [, how, names = "", specifier = ""] of text.matchAll(NAMED)) {
      for (const each of names.split(",")) {
        const [name = "", alias = name] = each
          .trim()
          .replace(/^type /, "")
          .split(" as ");
        if (name === "") continue;
        const one = `${targetOf(file, specifier)}: ${name}`;
        used.add(one);
        if (!file.startsWith("test/")) served.add(one);
        if (how === "export" && isStrict) exported.add(`${file}: ${alias}`);
      }
    }
    for (const [, specifier = ""] of text.matchAll(WHOLE)) {
      const all = `${targetOf(file, specifier)}: *`;
      used.add(all);
      if (!file.startsWith("test/")) served.add(all);
    }
  }
  t.ok(exported.size > 300, "the exports were found");
  const without = (has: ReadonlySet<string>, of: ReadonlySet<string>): string[] =>
    [...of].filter((one) => !has.has(one) && !has.has(one.replace(/: .*/, ": *")));
  t.strictSame(without(used, exported), []);
  t.strictSame(without(served, declared), [], "nor is declared for tests alone");
});
