import t from "tap";
import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import { cpSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as hopbook from "../../lib/index.js";
import { GONE_CLUSTER } from "../cli/helpers.js";
import { buildCli } from "../lab/cli.js";

const EXAMPLES = join(import.meta.dirname, "../../docs/examples");
const built = buildCli();
t.teardown(() => built.remove());

/** Runs an example as a user would, beside an installed hopbook. */
function run(name: string, args: readonly string[], cwd: string): SpawnSyncReturns<string> {
  const file = join(dirname(built.bin), name);
  cpSync(join(EXAMPLES, name), file);
  return spawnSync(process.execPath, [file, ...args], { cwd, encoding: "utf8", timeout: 60_000 });
}

t.test("the examples import what the library exports", (t) => {
  for (const name of readdirSync(EXAMPLES).filter((file) => file.endsWith(".js"))) {
    const text = readFileSync(join(EXAMPLES, name), "utf8");
    const names = /import \{ ([^}]+) \} from "hopbook"/.exec(text)?.[1]?.split(", ") ?? [];
    t.ok(names.length > 0, name);
    for (const one of names) t.ok(Object.hasOwn(hopbook, one), one);
  }
  t.end();
});

t.test("check-sarif.js writes SARIF, and ends as check does", async (t) => {
  const head = "apiVersion: hopbook.dev/v1\nkind: Runbook\nmetadata: {name: a, title: A}\n";
  const dir = t.testdir({ runbooks: { "a.yaml": `${head}stpes: []\n` } });
  const { status, stdout, stderr } = run("check-sarif.js", ["runbooks"], dir);
  t.equal(status, 2, String(stderr));
  const log = JSON.parse(String(stdout)) as { runs: [{ results: { ruleId: string }[] }] };
  t.match(log.runs[0].results, [{ ruleId: "unknown-key" }]);
  t.match(stderr, /^runbooks\/a\.yaml:4:1: .*\(unknown-key\)\n/);
});

t.test("trace.js says by its code what went wrong", async (t) => {
  const dir = t.testdir({ "c.yaml": GONE_CLUSTER });
  const { status, stderr } = run("trace.js", ["shop/client", "shop/web:8080", "c.yaml"], dir);
  t.equal(status, 5, String(stderr));
  t.match(stderr, /^NODE_UNREACHABLE: Cannot /m);
});
