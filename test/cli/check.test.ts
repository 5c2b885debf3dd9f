import t from "tap";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hopbook } from "./helpers.js";

const HEAD = "apiVersion: hopbook.dev/v1\n";
const GOOD = `${HEAD}kind: Runbook\nmetadata: {name: a, title: A}\nsteps:\n  - {id: w, uses: time/wait, with: {duration: 1s}}\n`;
const BAD = GOOD.replace("steps:", "stpes:");

t.test("a folder stands for the hopbook documents below it", async (t) => {
  const dir = t.testdir({
    "a.yaml": GOOD,
    deep: { er: { "b.yml": BAD } },
    "values.yaml": "kind: Runbook\nreplicas: 3\n",
    "broken-and-not-ours.yaml": "a: [\n",
    "broken-and-ours.yaml": `${HEAD}a: [\n`,
    "notes.txt": BAD,
    node_modules: { "c.yaml": BAD },
    ".hidden": { "d.yaml": BAD },
  });
  symlinkSync(dir, join(dir, "deep/loop"));
  const { code, out, err } = await hopbook(["check", dir]);
  t.equal(code, 2);
  t.equal(out, `${join(dir, "a.yaml")}: valid runbook\n`);
  const json = JSON.parse((await hopbook(["check", dir, "-o", "json"])).out) as { files: { file: string }[] };
  t.strictSame(
    json.files.map(({ file }) => file.slice(dir.length + 1)),
    ["a.yaml", "broken-and-ours.yaml", "deep/er/b.yml"],
  );
  t.match(err, /did you mean "?steps/);
});

t.test("a folder without any says so; a file named twice is checked once", async (t) => {
  const dir = t.testdir({ empty: {}, "a.yaml": GOOD });
  const empty = await hopbook(["check", join(dir, "empty")]);
  t.equal(empty.code, 2);
  t.match(empty.err, /no file in it says apiVersion: hopbook\.dev\/v1/);
  const twice = await hopbook(["check", join(dir, "a.yaml"), join(dir, "a.yaml"), dir]);
  t.equal(twice.out.match(/valid runbook/g)?.length, 1);
});

t.test("an unknown kind gets a caret and the near one", async (t) => {
  const file = join(t.testdir({ "x.yaml": `${HEAD}kind: Runbok\n` }), "x.yaml");
  const { code, err } = await hopbook(["check", file]);
  t.equal(code, 2);
  t.match(err, `${file}:2:7: kind must be one of Runbook, `);
  t.match(err, /\n {2}2 \| kind: Runbok\n {4}\| {7}\^ did you mean "Runbook"\?/);
  for (const kind of ["constructor", "[1, 2]", "toString"]) {
    writeFileSync(file, `${HEAD}kind: ${kind}\n`);
    t.match((await hopbook(["check", file])).err, /:2:7: kind must be one of/, kind);
  }
});

t.test("json has every problem with its position", async (t) => {
  const file = join(t.testdir({ "x.yaml": `${BAD}nonsense: 1\n` }), "x.yaml");
  const { code, out } = await hopbook(["check", file, "--output", "json"]);
  t.equal(code, 2);
  const report = JSON.parse(out) as { files: [{ problems: { line: number; message: string }[] }] };
  t.ok(report.files[0].problems.length >= 1);
  for (const problem of report.files[0].problems) {
    t.match(problem, { line: Number, column: Number, message: String, rule: /^[a-z]+(-[a-z]+)*$/ });
  }
});

t.test("sarif is for CI: exit 2, one log, results beside the lines", async (t) => {
  const dir = t.testdir({ "a.yaml": GOOD, "b c.yaml": BAD });
  const { code, out, err } = await hopbook(["check", dir, "/nowhere.yaml", "-o", "sarif"]);
  t.equal(code, 2);
  t.equal(err, "");
  const log = JSON.parse(out) as { version: string; runs: [{ results: { ruleId: string }[] }] };
  t.equal(log.version, "2.1.0");
  t.match(log.runs[0].results.at(-1), {
    ruleId: "file-unreadable",
    locations: [{ physicalLocation: { artifactLocation: { uri: "file:///nowhere.yaml" } } }],
  });
  t.match(out, /b%20c\.yaml/);
  t.match(await hopbook(["check", join(dir, "a.yaml"), "-o", "sarif"]), { code: 0, out: /"results": \[\]/ });
});

t.test("200 runbooks are checked at once, a line each", async (t) => {
  const dir = t.testdir();
  mkdirSync(join(dir, "many"));
  const { readFileSync } = await import("node:fs");
  const text = readFileSync(join(import.meta.dirname, "../../runbooks/trace-path.yaml"), "utf8");
  for (let index = 0; index < 200; index += 1) writeFileSync(join(dir, "many", `r${index}.yaml`), text);
  const { code, out } = await hopbook(["check", join(dir, "many")]);
  t.equal(code, 0);
  t.equal(out.split("\n").length, 201);
});
