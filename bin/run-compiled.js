// Compiles what changed and runs one TypeScript program of test/ or bench/: node bin/run-compiled.js FILE.ts [ARGUMENT…]
import { pathToFileURL } from "node:url";
import { resolve } from "node:path";
import { buildTests, compiledOf } from "./build-tests.js";

await buildTests();
const [file = ""] = process.argv.splice(1, 2, process.argv[1]).slice(1);
const built = compiledOf(resolve(file));
process.argv[1] = built;
await import(pathToFileURL(built).href);
