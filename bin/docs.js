// Writes the generated reference in docs/, or with --check says where it differs from what would be written.
import { readFileSync, writeFileSync } from "node:fs";
import { format, resolveConfig } from "prettier";
import { makeReference } from "../dist/reference/reference.js";
import { describeCommands } from "../dist/cli/reference.js";

const check = process.argv.includes("--check");
const files = { ...(await makeReference()), "docs/cli.md": describeCommands() };
const root = new URL("../", import.meta.url);
let drifted = 0;
for (const [name, text] of Object.entries(files)) {
  const file = new URL(name, root);
  const wanted = name.endsWith(".svg")
    ? text
    : await format(text, { ...(await resolveConfig(file.pathname)), filepath: file.pathname });
  let current = "";
  try {
    current = readFileSync(file, "utf8");
  } catch {
    // Not there yet: it differs.
  }
  if (current === wanted) continue;
  if (check) console.error(`${name} is not what the code says: run npm run docs`);
  else writeFileSync(file, wanted);
  drifted += 1;
}
if (check && drifted > 0) process.exitCode = 1;
else console.log(check ? "docs are what the code says" : `${drifted} files written`);
