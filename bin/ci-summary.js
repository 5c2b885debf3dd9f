// Sums up the closing lines of tap's output files: `# { total: 110, pass: 108, fail: 1, skip: 1 }`.
// Usage: node bin/ci-summary.js FILE…   Exits 1 where a file has no such line or a test failed.
import { readFileSync } from "node:fs";

const sum = { pass: 0, fail: 0, skip: 0 };
let missing = false;
for (const file of process.argv.slice(2)) {
  const lines = [...readFileSync(file, "utf8").matchAll(/^# \{ total: .*\}$/gm)];
  if (lines.length === 0) {
    console.error(`${file} has no closing line of tap's`);
    missing = true;
  }
  // A suite may run tap more than once.
  for (const [line] of lines) {
    for (const [, key, count] of line.matchAll(/(pass|fail|skip): (\d+)/g)) sum[key] += Number(count);
  }
}
console.log(`${sum.pass} passed, ${sum.fail} failed, ${sum.skip} skipped`);
process.exitCode = missing || sum.fail > 0 || sum.pass === 0 ? 1 : 0;
