import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import t, { type Test } from "tap";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const run = (...args: string[]): { status: number | null; stdout: string } =>
  spawnSync(process.execPath, args, {
    cwd: ROOT,
    encoding: "utf8",
    env: { ...process.env, FORCE_COLOR: "0" },
  });

t.test("a selection that is empty fails", async (t) => {
  const { status, stdout } = run("bin/test.js", "no/such-file");
  t.equal(status, 1);
  t.match(stdout, /^not ok 1 - no test is named no\/such-file$/m);
  t.match(stdout, /^# \{ total: 1, pass: 0, fail: 1 \}$/m);
});

type Programs = Readonly<Record<string, { readonly program: string; readonly timeoutMs?: number }>>;

/** Runs each program as a test file, all at once. */
function judge(t: Test, programs: Programs): unknown {
  const dir = t.testdir(
    Object.fromEntries(Object.entries(programs).map(([name, { program }]) => [`${name}.js`, program])),
  );
  const source = `import { runTestFile } from ${JSON.stringify(new URL("../../bin/test-process.js", import.meta.url))};
    const judged = Object.entries(${JSON.stringify(programs)}).map(async ([name, { timeoutMs = 20_000 }]) => {
      const built = ${JSON.stringify(dir)} + "/" + name + ".js";
      const env = { PATH: process.env.PATH };
      const { why, counts } = await runTestFile({ name, built, env, timeoutMs, onChild: () => {} });
      return [name, { why, counts }];
    });
    console.log(JSON.stringify(Object.fromEntries(await Promise.all(judged))));`;
  return JSON.parse(run("--input-type=module", "--eval", source).stdout);
}
const TAP = `import t from ${JSON.stringify(import.meta.resolve("tap"))};\n`;

t.test("a file passes only where its tests ran to their end, and there are some", async (t) => {
  t.strictSame(
    judge(t, {
      passed: { program: `${TAP} t.test("a", async (t) => { t.ok(1); t.ok(2); });` },
      failed: { program: `${TAP} t.test("a", async (t) => { t.ok(1); t.ok(0); });` },
      empty: { program: TAP },
      early: { program: `${TAP} t.test("a", async (t) => { t.ok(1); process.exit(0); });` },
      filtered: {
        program: `process.env.TAP_GREP = "/none/"; const { default: t } = await import(${JSON.stringify(import.meta.resolve("tap"))}); t.test("a", async (t) => { t.ok(1); });`,
      },
      killed: { program: `process.kill(process.pid, "SIGKILL");` },
      late: { program: `setInterval(() => {}, 1000);`, timeoutMs: 50 },
    }),
    {
      passed: { counts: { total: 2, pass: 2 } },
      failed: { why: "exit code 1", counts: { total: 2, pass: 1, fail: 1 } },
      empty: {
        why: "ended without a closing line: its tests did not run to their end",
        counts: { total: 0, pass: 0 },
      },
      early: { why: "exit code 1", counts: { total: 2, pass: 1, fail: 1 } },
      filtered: { why: "the filter leaves no test of it", counts: { total: 1, pass: 0, skip: 1 } },
      killed: { why: "ended by SIGKILL", counts: { total: 0, pass: 0 } },
      late: { why: "ran longer than 0.05 s", counts: { total: 0, pass: 0 } },
    },
  );
});
