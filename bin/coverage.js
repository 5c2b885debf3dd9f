// Which branches have to be covered, and whether V8 saw that they are, by the tests of the same rooms.
// `node bin/test.js --coverage` (npm run coverage for those tests alone) collects and judges.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { Report } from "c8";
import { compiledOf } from "./build-tests.js";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
/** Rooms of lib/ that have to be covered whole, and the files of others that have to be. */
const ROOMS = ["analysis", "cel", "linux", "packets", "runbook", "wire"];
const FILTERS = /^capture\/([a-z]+-)?(filter|expression|transport|addresses|view)/;

const isJudged = (name) => ROOMS.some((room) => name.startsWith(`${room}/`)) || FILTERS.test(name);

/** Whether a test (by its path in test/) is one of those whose coverage counts. */
export const isCoverageTest = (name) =>
  !name.endsWith(".slow.test.ts") && [...ROOMS, "capture"].some((room) => name.startsWith(`${room}/`));

/** As the result of a test process (bin/test-process.js): whether all that has to be covered is, by what V8 left in the folder `raw`. */
export async function checkCoverage(raw) {
  const began = performance.now();
  const { judged, short } = await judgeCoverage(raw);
  const isWhole = short.length === 0;
  const lines = isWhole
    ? [`ok 1 - all branches of ${judged} files are covered`]
    : short.map((text, index) => `not ok ${index + 1} - ${text}`);
  return {
    name: "coverage",
    ms: Math.round(performance.now() - began),
    ...{ tap: lines.join("\n"), stderr: "" },
    counts: isWhole ? { total: 1, pass: 1 } : { total: short.length, fail: short.length },
    why: isWhole ? undefined : `${short.length} branches are not covered`,
  };
}

/** Gives `{ judged, short }`: how many files, and a line for each branch that has to be covered and is not. */
async function judgeCoverage(raw) {
  const report = new Report({
    tempDirectory: raw,
    include: [...ROOMS, "capture"].map((room) => `.build/lib/${room}/**`),
    extension: [".js", ".ts"],
    excludeNodeModules: true,
    resolve: "",
    src: [ROOT],
    mergeAsync: true,
  });
  const map = await report.getCoverageMapFromAllCoverageFiles();
  const seen = new Map(
    map.files().map((file) => [relative(ROOT, file), linesNotTaken(map.fileCoverageFor(file).toJSON())]),
  );
  const wanted = readdirSync(join(ROOT, "lib"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && isJudged(name) && hasCode(join(ROOT, "lib", name)))
    .map((name) => `lib/${name}`)
    .sort();
  const short = wanted.flatMap((name) => {
    if (!seen.has(name)) return [`${name}: no test loads it`];
    return seen.get(name).map((line) => `${name}:${line}: a branch that no test takes`);
  });
  const empty = ROOMS.filter((room) => !wanted.some((name) => name.startsWith(`lib/${room}/`)));
  short.push(...empty.map((room) => `lib/${room}: has to be covered, and has no code`));
  return { judged: wanted.length, short };
}

/** A file of types alone leaves no JavaScript. */
const hasCode = (file) => /^(?!\/\/|export \{\};|\s*$)/m.test(readFileSync(compiledOf(file), "utf8"));

const linesNotTaken = ({ b: taken, branchMap }) => [
  ...new Set(
    Object.entries(branchMap)
      .filter(([id]) => taken[id].includes(0))
      .map(([, { loc }]) => loc.start.line),
  ),
];
