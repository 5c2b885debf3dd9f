// Compiles what changed and runs tests as plain JavaScript, each file a process, some at once; prints TAP.
// Usage: node bin/test.js [--jobs=N] [--timeout=SECONDS] [--not=TEXT]… [WHAT…]
// WHAT is a suite (unit, slow, lab, cluster) or a part of a path: `analysis/`, `walls`, test/hops/discover.test.ts. Default: unit.
import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import t from "tap";
import { buildTests } from "./build-tests.js";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    jobs: { type: "string", default: String(availableParallelism()) },
    timeout: { type: "string", default: "120" },
    not: { type: "string", multiple: true, default: [] },
  },
});

const isUnit = (name) => !/^(lab|cluster|fixtures)\//.test(name) && !name.endsWith(".slow.test.ts");
const SUITES = {
  unit: isUnit,
  slow: (name) => name.endsWith(".slow.test.ts"),
  lab: (name) => name.startsWith("lab/"),
  cluster: (name) => name.startsWith("cluster/"),
};
const wanted = positionals.length === 0 ? ["unit"] : positionals;
const isWanted = (name) =>
  wanted.some((what) => (Object.hasOwn(SUITES, what) ? SUITES[what](name) : `test/${name}`.includes(what)));
const files = readdirSync(join(ROOT, "test"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".test.ts"))
  .filter((name) => isWanted(name) && !values.not.some((text) => `test/${name}`.includes(text)))
  .sort();

await buildTests();
t.jobs = Number(values.jobs);
t.setTimeout(0);
if (files.length === 0) t.fail(`no test is named ${wanted.join(", ")}`);
for (const name of files) {
  const built = join(ROOT, ".build/test", name.replace(/\.ts$/, ".js"));
  t.spawn(
    process.execPath,
    ["--enable-source-maps", "--disable-warning=ExperimentalWarning", built],
    { cwd: ROOT, buffered: true, timeout: Number(values.timeout) * 1000 },
    `test/${name}`,
  );
}
