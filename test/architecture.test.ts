import t from "tap";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const MAX_FILES = 12;

/** The drawing in ARCHITECTURE.md: each file with how far it is indented. */
function readWay(): { readonly file: string; readonly indent: number }[] {
  const text = readFileSync(resolve(ROOT, "ARCHITECTURE.md"), "utf8");
  const drawing = /The way of an option from[^]*?```\n([^]*?)```/.exec(text)?.[1] ?? "";
  return drawing.split("\n").flatMap((line) => {
    const [, space = "", file] = /^( *)(lib\/\S+)/.exec(line) ?? [];
    return file === undefined ? [] : [{ file, indent: space.length }];
  });
}

function importsOf(file: string): readonly string[] {
  const text = readFileSync(resolve(ROOT, file), "utf8");
  return [...text.matchAll(/from "(\.[^"]+)"/g)].map(([, specifier = ""]) =>
    relative(ROOT, resolve(ROOT, dirname(file), specifier)).replace(/\.js$/, ".ts"),
  );
}

t.test("an option goes from runRunbook to the engine as ARCHITECTURE.md draws it", async (t) => {
  const way = readWay();
  const files = way.map(({ file }) => file);
  t.equal(files[0], "lib/api/run.ts");
  t.equal(files.at(-1), "lib/engine/engine.ts");
  t.ok(files.length <= MAX_FILES, `${files.length} files`);
  t.equal(new Set(files).size, files.length, "no return to a file that it left");
  t.strictSame(
    files.filter((file) => !existsSync(resolve(ROOT, file))),
    [],
  );
  for (const [index, { file, indent }] of way.entries()) {
    const giver = way.slice(0, index).findLast((other) => other.indent < indent);
    if (giver === undefined) continue;
    t.ok(importsOf(giver.file).includes(file), `${giver.file} hands it to ${file}`);
  }
});

t.test("a folder of lib/ has at most 30 files directly in it: more are rooms of their own", async (t) => {
  const files = readdirSync(resolve(ROOT, "lib"), { recursive: true, encoding: "utf8" });
  const counts = new Map<string, number>();
  for (const file of files.filter((name) => name.endsWith(".ts")))
    counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
  t.strictSame(
    [...counts].filter(([, count]) => count > 30),
    [],
  );
});
