import { relative } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** Where bin/build-tests.js puts the JavaScript of a TypeScript file beside `base`, for a process of its own. */
export function compiledOf(file: string, base: string): string {
  const source = fileURLToPath(new URL(file, base));
  return `${ROOT}.build/${relative(ROOT, source).replace(/\.ts$/, ".js")}`;
}
