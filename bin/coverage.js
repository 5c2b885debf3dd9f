// Runs the unit tests of the parts whose branches all have to be covered, and says which are not.
// Usage: node bin/coverage.js [--reporter=REPORTER OF TAP]
import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
/** Folder of lib/, and which of its files have to be covered whole. */
const WANTED = [
  { folder: "analysis", files: () => true },
  { folder: "runbook", files: () => true },
  { folder: "capture", files: (name) => /^(filter|expression|transport|addresses|view)/.test(name) },
];

const tests = readdirSync(`${root}test`, { recursive: true })
  .filter(
    (name) =>
      WANTED.some(({ folder }) => name.startsWith(`${folder}/`)) &&
      name.endsWith(".test.ts") &&
      !name.endsWith(".slow.test.ts"),
  )
  .map((name) => `test/${name}`);
rmSync(`${root}.tap/coverage`, { recursive: true, force: true });
const run = spawnSync(
  process.execPath,
  [
    "node_modules/tap/dist/esm/run.mjs",
    "run",
    "--allow-incomplete-coverage",
    "--coverage-report=json-summary",
    process.argv[2] ?? "--reporter=terse",
    ...tests,
  ],
  { cwd: root, stdio: ["ignore", "inherit", "inherit"] },
);
if (run.status !== 0) {
  console.error(`tap ended with ${run.signal ?? `exit code ${run.status}`}`);
  process.exit(run.status ?? 1);
}
const { readFileSync } = await import("node:fs");
const summary = JSON.parse(readFileSync(`${root}.tap/report/coverage-summary.json`, "utf8"));
let short = 0;
let seen = 0;
for (const [file, { branches }] of Object.entries(summary)) {
  const [, folder, name] = /\/lib\/([^/]+)\/(.*)$/.exec(file) ?? [];
  const wanted = WANTED.find((entry) => entry.folder === folder);
  if (wanted === undefined || !wanted.files(name)) continue;
  seen += 1;
  if (branches.covered === branches.total) continue;
  short += 1;
  console.error(`lib/${folder}/${name}: ${branches.covered} of ${branches.total} branches covered`);
}
console.log(`${seen - short} of ${seen} files have every branch covered`);
process.exitCode = short === 0 && seen > 0 ? 0 : 1;
