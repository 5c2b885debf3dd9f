// Says what failed in the output of a stage of .ci/run, in at most 55 lines: of tap's output each failed assertion
// with the tests around it and what it found; of any other output, and where no test is to blame, the end.
// Usage: node bin/ci-failures.js FILE
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const MOST_LINES = 55;
const MOST_OF_ONE = 16;
const WIDEST = 220;
/** Parts of a diagnosis that say nothing which the others do not. */
const DULL =
  /^(at|source|stack|args|command|cwd|env|externalID|stdio|jobId|tapCaught|lineNumber|columnNumber|fileName|isToplevel|typeName|methodName|functionName)$/;

/** What failed in the lines of a log, in at most 55 lines. */
export function describeFailures(lines) {
  const failures = findFailures(lines);
  const shown = [];
  for (const [index, failure] of failures.entries()) {
    if (shown.length + failure.length > MOST_LINES - 1 && index > 0) {
      shown.push(`… and ${failures.length - index} more`);
      break;
    }
    shown.push(...failure);
  }
  const text = shown.length > 0 ? shown : lines.slice(-MOST_LINES);
  return text.slice(0, MOST_LINES).map((line) => (line.length > WIDEST ? `${line.slice(0, WIDEST)}…` : line));
}

/** The lines of the YAML block behind a `not ok`, without what is dull, and where it happened. */
function readDiagnosis(lines, from, indent) {
  const pad = " ".repeat(indent + 2);
  if (lines[from] !== `${pad}---`) return [];
  const kept = [];
  const at = {};
  let dull = false;
  for (let index = from + 1; index < lines.length && lines[index] !== `${pad}...`; index += 1) {
    const line = lines[index].slice(pad.length);
    const [, key] = /^([A-Za-z]+):/.exec(line) ?? [];
    if (key !== undefined) dull = DULL.test(key);
    const [, place, value] = /^ {2}(fileName|lineNumber): (.*)$/.exec(line) ?? [];
    if (place !== undefined) at[place] ??= value;
    if (!dull && line.trim() !== "") kept.push(`    ${line}`);
  }
  if (at.fileName !== undefined) kept.unshift(`    at ${at.fileName}:${at.lineNumber}`);
  return kept.length > MOST_OF_ONE ? [...kept.slice(0, MOST_OF_ONE), "    …"] : kept;
}

/** Failed assertions, and tests that failed by themselves (a time-out, say): those in which nothing else failed. */
function findFailures(lines) {
  const names = [];
  const failedBelow = [];
  const found = [];
  for (const [index, line] of lines.entries()) {
    const [, pad = "", subtest] = /^( *)# Subtest: (.*)$/.exec(line) ?? [];
    const depth = pad.length / 4;
    if (subtest !== undefined) {
      names.length = depth;
      names[depth] = subtest;
      failedBelow[depth] = false;
      continue;
    }
    const [, space, text] = /^( *)not ok \d+(?: - )?(.*?)(?: # time=\S+)?(?: \{)?$/.exec(line) ?? [];
    if (space === undefined || space.length % 4 !== 0 || /# (TODO|SKIP)/i.test(line)) continue;
    const level = space.length / 4;
    const isBlamed = failedBelow[level] === true && names[level] === text;
    for (let above = 0; above < level; above += 1) failedBelow[above] = true;
    if (isBlamed) continue;
    found.push([
      [...names.slice(0, level), text].join(" > "),
      ...readDiagnosis(lines, index + 1, space.length),
    ]);
  }
  return found;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const line of describeFailures(readFileSync(process.argv[2] ?? "", "utf8").split("\n")))
    console.log(line);
}
