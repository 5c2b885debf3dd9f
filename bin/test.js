// Compiles what changed and runs tests as plain JavaScript, some processes at once. Files of one room share a process where a
// whole suite is asked for, and have one each where a part of it is. Prints TAP; on a terminal only what failed and the
// closing line.
// Usage: node bin/test.js [--jobs=N] [--timeout=SECONDS] [--again] [--not=TEXT]… [--coverage] [--tap] [WHAT…]
// --again: where at most three fail, each is run once more when nothing runs beside it, and what passes then is named as
// unsteady: suites of real processes hang on what else the machine does, and somebody has to look at those that do.
// WHAT is a suite (unit, slow, lab, cluster; covered: those whose coverage counts; deep: those that try more in the slow suite) or a part of a path: `analysis/`, `walls`, test/hops/discover.test.ts. Default: unit.
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildTests } from "./build-tests.js";
import { describeFailures } from "./ci-failures.js";
import { checkCoverage, isCoverageTest } from "./coverage.js";
import { takeDownLeftLabs } from "./left-labs.js";
import { tryAgain } from "./test-again.js";
import { groupTests, nameGroup, programOf } from "./test-groups.js";
import { runTests } from "./test-process.js";
import { openTimes } from "./test-times.js";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const V8_COVERAGE = join(ROOT, ".build/coverage");
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    // One more than there are cores: many wait, for processes and time-outs.
    jobs: { type: "string", default: String(availableParallelism() + 1) },
    timeout: { type: "string", default: "120" },
    again: { type: "boolean", default: false },
    not: { type: "string", multiple: true, default: [] },
    coverage: { type: "boolean", default: false },
    tap: { type: "boolean", default: !process.stdout.isTTY },
  },
});

const times = openTimes(join(ROOT, ".build/times.json"));
const isUnit = (name) => !/^(lab|cluster|fixtures)\//.test(name) && !name.endsWith(".slow.test.ts");
const SUITES = {
  unit: isUnit,
  slow: (name) => name.endsWith(".slow.test.ts"),
  lab: (name) => name.startsWith("lab/"),
  cluster: (name) => name.startsWith("cluster/"),
  covered: isCoverageTest,
  deep: (name) => isUnit(name) && /\binDepth\(/.test(readFileSync(join(ROOT, "test", name), "utf8")),
};
const wanted = positionals.length === 0 ? ["unit"] : positionals;
const isWanted = (name) =>
  wanted.some((what) => (Object.hasOwn(SUITES, what) ? SUITES[what](name) : `test/${name}`.includes(what)));
const files = readdirSync(join(ROOT, "test"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".test.ts"))
  .map((name) => `test/${name}`)
  .filter((name) => isWanted(name.slice("test/".length)) && !values.not.some((text) => name.includes(text)))
  .sort();
if (files.length === 0) {
  console.log(
    `TAP version 14\nnot ok 1 - no test is named ${wanted.join(", ")}\n1..1\n# { total: 1, pass: 0, fail: 1 }`,
  );
  process.exit(1);
}

await buildTests();
// Another run may be collecting there.
if (values.coverage) rmSync(V8_COVERAGE, { recursive: true, force: true });
const running = new Set();
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => {
    for (const child of running) child.kill("SIGTERM");
    process.exit(signal === "SIGINT" ? 130 : 143);
  });
}

const began = performance.now();
const results = [];
const sum = { total: 0, pass: 0, fail: 0, skip: 0, todo: 0 };
if (values.tap) console.log("TAP version 14");
const isWhole = wanted.some((what) => Object.hasOwn(SUITES, what));
const groups = isWhole ? groupTests(files) : files.map((file) => [file]);
const isCollected = ([name]) => values.coverage && isCoverageTest(name.slice("test/".length));
/** Coverage is judged beside what is not counted in it: what is comes first, by the time that this takes. */
const JUDGING_MS = 10_000;
const lengthOf = (group) => times.lengthOf(group) + (isCollected(group) ? JUDGING_MS : 0);
// One after the other by name.
const queue = values.jobs === "1" ? groups : groups.toSorted((a, b) => lengthOf(b) - lengthOf(a));
let uncollected = groups.filter(isCollected).length;
let judging;
const failed = [];
await Promise.all(Array.from({ length: Number(values.jobs) }, work));
const unsteady = values.again ? await runAgain() : [];
if (values.coverage) {
  const result = await (judging ?? checkCoverage(V8_COVERAGE));
  results.push(result);
  count(result);
  print(result);
}
if (values.tap) console.log(`1..${results.length}`);
if (unsteady.length > 0) console.log(`# unsteady: ${unsteady.map(nameGroup).join(", ")}`);
const counts = Object.entries(sum).filter(([key, count]) => count > 0 || key === "total" || key === "pass");
console.log(`# { ${counts.map(([key, count]) => `${key}: ${count}`).join(", ")} }`);
console.log(`# time=${Math.round(performance.now() - began)}ms`);
const slowest = results.toSorted((a, b) => b.ms - a.ms).slice(0, 5);
console.log(`# slowest: ${slowest.map(({ name, ms }) => `${name} ${(ms / 1000).toFixed(1)} s`).join(", ")}`);
times.keep(results);
process.exitCode = sum.fail > 0 ? 1 : 0;

async function work() {
  for (let group = queue.shift(); group !== undefined; group = queue.shift()) {
    const result = await run(group, nameGroup(group));
    if (result.why !== undefined && values.again) failed.push({ group, result });
    else count(result);
    print(result);
    // What failed may run again, and be collected once more.
    if (isCollected(group) && --uncollected === 0 && !values.again) judging = checkCoverage(V8_COVERAGE);
  }
}

/** What failed, when nothing else runs; gives the groups that passed then. */
async function runAgain() {
  const { last, unsteady } = await tryAgain(failed, async (group) => {
    const result = await run(group, `${nameGroup(group)}, again and alone`);
    print(result);
    return result;
  });
  for (const result of last) count(result);
  return unsteady;
}

async function run(group, name) {
  let child;
  const result = await runTests({
    name,
    args: programOf(group),
    cwd: ROOT,
    env: isCollected(group) ? { ...process.env, NODE_V8_COVERAGE: V8_COVERAGE } : process.env,
    timeoutMs: Number(values.timeout) * 1000,
    onChild: (started) => running.add((child = started)),
  });
  running.delete(child);
  results.push(result);
  if (result.why !== undefined) await takeDownLeftLabs(ROOT, child.pid);
  return result;
}

function count({ counts, why }) {
  for (const [key, number] of Object.entries(counts)) sum[key] += number;
  // A file that ended badly has failed, whatever its assertions say.
  if (why !== undefined && (counts.fail ?? 0) === 0) {
    sum.fail += 1;
    sum.total += 1;
  }
}

function print({ name, ms, tap, stderr, why }) {
  process.stderr.write(stderr);
  const body = tap
    .split("\n")
    .filter((line) => !/^(TAP version 14|# \{ total: .*|\s*)$/.test(line))
    .map((line) => `    ${line}`);
  const head = `${why === undefined ? "ok" : "not ok"} ${results.length} - ${name} # time=${ms}ms`;
  const lines = [`# Subtest: ${name}`, ...body, head];
  if (why !== undefined) lines.push("  ---", `  reason: ${JSON.stringify(why)}`, "  ...");
  if (values.tap) console.log(lines.join("\n"));
  else if (why !== undefined) console.log([`${name}: ${why}`, ...describeFailures(lines)].join("\n"));
}
