// Checks files with hopbook's library, or only parses them: node check-child.js check|parse DIST FILE…
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [what, dist, ...files] = process.argv.slice(2);
let good = 0;
if (what === "check") {
  const { checkFiles } = await import(pathToFileURL(`${dist}/index.js`).href);
  for (const { file, error } of await checkFiles(files)) {
    if (error === null) good++;
    else console.error(`${file}: ${error.detail ?? error.message}`);
  }
} else {
  const { parse } = await import("yaml");
  for (const file of files) good += parse(readFileSync(file, "utf8")).kind === "Runbook" ? 1 : 0;
}
console.log(`${good} of ${files.length} are fine`);
