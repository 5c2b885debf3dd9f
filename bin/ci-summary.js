// Sums up the closing lines of tap's output files: `# { total: 110, pass: 108, fail: 1, skip: 1 }`.
// Usage: node bin/ci-summary.js FILE… [--none-skipped FILE…]
// Exits 1 where a file has no such line, a test failed, or one was skipped in the files where none may be.
import { readFileSync } from "node:fs";
import { describeFailures } from "./ci-failures.js";

const sum = { pass: 0, fail: 0, skip: 0 };
let incomplete = false;
const files = process.argv.slice(2);
const strictFrom = files.indexOf("--none-skipped");
for (const [index, file] of files.entries()) {
  if (index === strictFrom) continue;
  const text = readFileSync(file, "utf8");
  // Said, though it passed in the end: somebody has to look at it.
  const unsteady = [...text.matchAll(/^# unsteady: (.*)$/gm)].map(([, names]) => names);
  if (unsteady.length > 0) {
    console.log(`UNSTEADY, failed at first and passed alone: ${unsteady.join(", ")}`);
    console.log(describeFailures(text.split("\n")).join("\n"));
  }
  const lines = [...text.matchAll(/^# \{ total: .*\}$/gm)];
  if (lines.length === 0) {
    console.error(`${file} has no closing line of tap's`);
    incomplete = true;
  }
  // A suite may run tap more than once.
  for (const [line] of lines) {
    if (strictFrom >= 0 && index > strictFrom && /skip: [1-9]/.test(line)) {
      console.error(`${file}: no test may be skipped there, and it says ${line}`);
      incomplete = true;
    }
    for (const [, key, count] of line.matchAll(/(pass|fail|skip): (\d+)/g)) sum[key] += Number(count);
  }
}
console.log(`${sum.pass} passed, ${sum.fail} failed, ${sum.skip} skipped`);
process.exitCode = incomplete || sum.fail > 0 || sum.pass === 0 ? 1 : 0;
