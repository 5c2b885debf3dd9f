// Makes the program in dist/, or in a folder beside lib/ that is given: each file of lib/ as JavaScript, and the commands
// once more as few files, which load in half the time of a thousand. Types are tsc's work: `npm run build` has both.
// Usage: node bin/build.js [FOLDER]
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const LIB = join(ROOT, "lib");
const folder = resolve(process.argv[2] ?? join(ROOT, "dist"));
const shared = { format: "esm", target: "es2023", platform: "node", logLevel: "warning" };

/** Wherever the code of a file ends up, its own place stays that of its single file: it finds schemas/ and runbooks/ by it. */
const ownPlace = {
  name: "own-place",
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const single = relative("bundle", relative(LIB, path)).replace(/\.ts$/, ".js");
      const place = `new URL(${JSON.stringify(single)}, import.meta.url).href`;
      return { contents: readFileSync(path, "utf8").replaceAll("import.meta.url", place), loader: "ts" };
    });
  },
};

const sources = readdirSync(LIB, { recursive: true, encoding: "utf8" }).filter((name) =>
  name.endsWith(".ts"),
);
const commands = { main: join(LIB, "cli/main.ts"), plugin: join(LIB, "cli/plugin.ts") };
await Promise.all([
  build({ ...shared, entryPoints: sources.map((name) => join(LIB, name)), outbase: LIB, outdir: folder }),
  build({
    ...{ ...shared, entryPoints: commands, outdir: join(folder, "bundle"), chunkNames: "part-[hash]" },
    ...{ bundle: true, splitting: true, packages: "external", plugins: [ownPlace] },
  }),
]);
