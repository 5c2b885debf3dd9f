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

const GROUPS = `import { groupTests } from ${JSON.stringify(new URL("../../bin/test-groups.js", import.meta.url))};
  console.log(JSON.stringify(groupTests(FILES)));`;

type Programs = Readonly<Record<string, { readonly program: string; readonly timeoutMs?: number }>>;

/** Runs each program as a test file, all at once. */
function judge(t: Test, programs: Programs): unknown {
  const dir = t.testdir(
    Object.fromEntries(Object.entries(programs).map(([name, { program }]) => [`${name}.js`, program])),
  );
  const source = `import { runTests } from ${JSON.stringify(new URL("../../bin/test-process.js", import.meta.url))};
    const judged = Object.entries(${JSON.stringify(programs)}).map(async ([name, { timeoutMs = 20_000 }]) => {
      const args = [${JSON.stringify(dir)} + "/" + name + ".js"];
      const env = { PATH: process.env.PATH };
      const { why, counts } = await runTests({ name, args, env, timeoutMs, onChild: () => {} });
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

t.test(
  "files of one room share a process, one after the other, and a file without a test fails there too",
  async (t) => {
    const files = ["test/linux/json.test.ts", "test/linux/links.test.ts"];
    const group = (...names: string[]): string =>
      run("--input-type=module", "--eval", GROUPS.replace("FILES", JSON.stringify(names))).stdout;
    t.same(JSON.parse(group(...files, "test/access/a.test.ts", "test/index.test.ts")), [
      files,
      ["test/access/a.test.ts"],
      ["test/index.test.ts"],
    ]);
    const { status, stdout } = run("bin/test-group.js", ...files);
    t.equal(status, 0);
    for (const file of files) t.match(stdout, new RegExp(`^ok \\d - ${file} # time=`, "m"));
    const program = `console.log("# Subtest: test/a/empty.test.ts\\n    1..0\\nok 1 - test/a/empty.test.ts\\n# { total: 1, pass: 1 }");`;
    t.match(judge(t, { empty: { program } }), { empty: { why: "no test in test/a/empty.test.ts" } });
  },
);

t.test("what failed is run once more, alone, and told; more than three are no accident", (t) => {
  const source = `import { tryAgain } from ${JSON.stringify(new URL("../../bin/test-again.js", import.meta.url))};
    const failed = (...groups) => groups.map((group) => ({ group, result: { why: "first" } }));
    const ran = [];
    const run = async (group) => { ran.push(group); return group === "c" ? { why: "still" } : { why: undefined }; };
    const few = await tryAgain(failed("a", "b", "c"), run);
    const many = await tryAgain(failed("d", "e", "f", "g"), run);
    console.log(JSON.stringify({ ran, few, many }));`;
  t.same(JSON.parse(run("--input-type=module", "--eval", source).stdout), {
    ran: ["a", "b", "c"],
    few: { last: [{}, {}, { why: "still" }], unsteady: ["a", "b"] },
    many: { last: Array(4).fill({ why: "first" }), unsteady: [] },
  });
  t.end();
});
