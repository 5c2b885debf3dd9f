// Compiles lib/, test/ and bench/ to .build/, one JavaScript file for each TypeScript file, and only those that changed.
// `import.meta` of a compiled file is its source's, so that what tests read lies where it says. Types are another check's
// work. Usage: node bin/build-tests.js, or `await buildTests()`.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, transform } from "esbuild";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const OUT = join(ROOT, ".build");
const FOLDERS = ["lib", "test", "bench"];

const mtime = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
const list = (folder, ending) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(ending));

/** The JavaScript of a TypeScript file of this repository. */
export const compiledOf = (file) => join(OUT, relative(ROOT, file).replace(/\.ts$/, ".js"));

/** Gives how many files were compiled. What has no source any more is removed. */
export async function buildTests() {
  const jobs = [];
  for (const folder of FOLDERS) {
    const sources = list(join(ROOT, folder), ".ts").filter((name) => !name.endsWith(".d.ts"));
    const wanted = new Set(sources.map((name) => name.replace(/\.ts$/, ".js")));
    mkdirSync(join(OUT, folder), { recursive: true });
    for (const name of list(join(OUT, folder), ".js")) if (!wanted.has(name)) rmSync(join(OUT, folder, name));
    for (const name of sources) {
      const source = join(ROOT, folder, name);
      const target = join(OUT, folder, name.replace(/\.ts$/, ".js"));
      if (mtime(target) <= mtime(source)) jobs.push(compile(source, target));
    }
  }
  await Promise.all([...jobs, bundleTap()]);
  return jobs.length;
}

/** tap as compiled tests import it: by itself, or in a group (bin/test-group.js) the test of the file whose turn it is. */
const TAP = `import tap from "@tapjs/bundle";
export * from "@tapjs/bundle";
const turn = globalThis[Symbol.for("hopbook.test-group")];
const read = (key) => (typeof turn.t[key] === "function" ? turn.t[key].bind(turn.t) : turn.t[key]);
const write = (key, value) => Reflect.set(turn.t, key, value);
export default turn === undefined ? tap : new Proxy({}, { get: (_, key) => read(key), set: (_, key, value) => write(key, value) });
`;

/**
 * tap as one file, where compiled tests find it first: its hundreds of files take longer to load than most tests to run,
 * once for each test file. The file lies among tap's own packages, which it leaves out of stacks.
 */
async function bundleTap() {
  const folder = join(OUT, "node_modules");
  const outfile = join(folder, "@tapjs/bundle/index.js");
  if (mtime(outfile) > mtime(join(ROOT, "node_modules/.package-lock.json"))) return;
  const all = (name) => `export * from "${name}"; export { default } from "${name}";\n`;
  for (const name of ["tap", "@tapjs/bundle"])
    writeWhole(join(folder, name, "package.json"), '{ "type": "module", "exports": "./index.js" }\n');
  writeWhole(join(folder, "tap/index.js"), TAP);
  const { outputFiles } = await build({
    stdin: { contents: all("tap"), resolveDir: ROOT },
    ...{ bundle: true, platform: "node", format: "esm", write: false, logLevel: "warning" },
    // Some of its packages are CommonJS and ask for Node's modules.
    banner: {
      js: 'import { createRequire as askFrom } from "node:module"; const require = askFrom(import.meta.url);',
    },
  });
  writeWhole(outfile, outputFiles[0].contents);
}

/** Other tests may be running or compiling beside this: a file is there whole or not at all. */
function writeWhole(file, text) {
  mkdirSync(dirname(file), { recursive: true });
  const part = `${file}.${process.pid}`;
  writeFileSync(part, text);
  renameSync(part, file);
}

async function compile(source, target) {
  const { code } = await transform(readFileSync(source, "utf8"), {
    loader: "ts",
    format: "esm",
    target: "es2023",
    sourcefile: source,
    sourcemap: "inline",
    sourcesContent: false,
    define: {
      "import.meta.url": JSON.stringify(pathToFileURL(source).href),
      "import.meta.dirname": JSON.stringify(dirname(source)),
      "import.meta.filename": JSON.stringify(source),
    },
  });
  writeWhole(target, code);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.error(`compiled ${await buildTests()} files`);
}
