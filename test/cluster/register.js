// Lets plain node run the TypeScript of test/cluster and lib/: `node --import ./test/cluster/register.js FILE.ts`.
// Types are another check's work.
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { register } from "node:module";
import { fileURLToPath } from "node:url";
import { isMainThread } from "node:worker_threads";
import ts from "typescript";

if (isMainThread) register(import.meta.url);

/** An import of `./x.js` means `./x.ts` where only that is there. */
export async function resolve(specifier, context, next) {
  if (!specifier.startsWith(".") || !context.parentURL?.endsWith(".ts")) return next(specifier, context);
  const url = new URL(specifier.replace(/\.js$/, ".ts"), context.parentURL);
  return existsSync(url) ? { url: url.href, format: "module", shortCircuit: true } : next(specifier, context);
}

export async function load(url, context, next) {
  if (!url.endsWith(".ts")) return next(url, context);
  const path = fileURLToPath(url);
  const compilerOptions = {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.ESNext,
    verbatimModuleSyntax: true,
    inlineSourceMap: true,
  };
  const { outputText } = ts.transpileModule(await readFile(path, "utf8"), {
    compilerOptions,
    fileName: path,
  });
  return { format: "module", shortCircuit: true, source: outputText };
}
