// `hopbook check` of 200 runbooks against the YAML parser alone over the same files, in the same run.
//   node bench/check.js [FILES] [DIST]        default 200, ./dist
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { measureMedian, runTimed } from "./measure.js";

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = join(HERE, "..");
const GOALS = { seconds: 1.5, ratio: 4 };

const count = Number(process.argv[2] ?? 200);
const dist = resolve(process.argv[3] ?? join(ROOT, "dist"));
const dir = mkdtempSync(join(tmpdir(), "hopbook-bench-"));
try {
  const files = writeRunbooks();
  const check = [join(HERE, "check-child.js"), "check", dist, ...files];
  const parse = [join(HERE, "check-child.js"), "parse", dist, ...files];
  const hopbook = measureMedian(5, () => runTimed(process.execPath, check));
  const yaml = measureMedian(5, () => runTimed(process.execPath, parse));
  console.log(`hopbook check   ${hopbook.seconds.toFixed(2)} s   ${hopbook.stdout.trim()}`);
  console.log(`yaml alone      ${yaml.seconds.toFixed(2)} s   ${yaml.stdout.trim()}`);
  judge("seconds for all of them", hopbook.seconds, GOALS.seconds);
  judge("hopbook's time over the parser's", hopbook.seconds / yaml.seconds, GOALS.ratio);
} finally {
  rmSync(dir, { recursive: true, force: true });
}

/** The runbook that comes with hopbook, each with expressions of its own: nothing is to be had from a cache. */
function writeRunbooks() {
  const text = readFileSync(join(ROOT, "runbooks/trace-path.yaml"), "utf8");
  return Array.from({ length: count }, (_, index) => {
    const file = join(dir, `trace-${index}.yaml`);
    const own = text
      .replace("name: trace-path", `name: trace-${index}`)
      .replaceAll("inputs.traffic", `inputs.traffic && ${index} >= 0`);
    writeFileSync(file, own);
    return file;
  });
}

function judge(what, value, most) {
  const good = value <= most;
  console.log(`${good ? "ok  " : "FAIL"} ${what}: ${value.toFixed(2)} (at most ${most})`);
  if (!good) process.exitCode = 1;
}
