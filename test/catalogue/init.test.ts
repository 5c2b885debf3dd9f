import t from "tap";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkFiles } from "../../lib/catalogue/check.js";
import { initFolder } from "../../lib/catalogue/init.js";
import { resolveNamedRunbook } from "../../lib/reference/resolve.js";
import { parseDocument } from "../../lib/document/index.js";

function folder(t: { teardown(done: () => void): void }): string {
  const root = mkdtempSync(join(tmpdir(), "hopbook-init-"));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

t.test("what is written is valid, and does what it says", async (t) => {
  const dir = join(folder(t), "clusters/prod");
  const report = await initFolder(dir);
  t.strictSame(report, { dir, files: ["hopbook.yaml", "overlays/example.yaml", "runbooks/README.md"] });
  const yaml = report.files.filter((file) => file.endsWith(".yaml")).map((file) => join(dir, file));
  for (const { file, error } of await checkFiles(yaml)) t.equal(error, null, file);
  const { data, origins } = await resolveNamedRunbook("trace-path", { cluster: dir, cwd: dir });
  t.match(data, { metadata: { name: "trace-path", labels: { cluster: "my-cluster" } } });
  t.match(origins["/metadata/labels/cluster"], { file: join(dir, "overlays/example.yaml"), line: 12 });
  const readme = readFileSync(join(dir, "runbooks/README.md"), "utf8");
  const example = /```yaml\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
  writeFileSync(join(dir, "runbooks/trace-path.yaml"), example);
  const own = await resolveNamedRunbook("trace-path", { cluster: dir, cwd: "/" });
  t.match(own.data, { metadata: { title: "Trace a path, as we do it here" } });
  t.equal(own.sources.length, 3);
});

t.test("the examples in its comments are valid too", async (t) => {
  const dir = folder(t);
  await initFolder(dir);
  for (const name of ["hopbook.yaml", "overlays/example.yaml"]) {
    const file = join(dir, name);
    // A comment that is YAML: a key, or an item of a list, in front of its column.
    const text = readFileSync(file, "utf8").replace(
      /^( *)# ( *)((- |[a-zA-Z]+:( |$)).*)$/gm,
      (line, ...found) => {
        const [indent, more, rest] = found as [string, string, string];
        return /^(Check|The|Every)/.test(rest) ? line : `${indent}${more}${rest}`;
      },
    );
    t.not(text, readFileSync(file, "utf8"));
    writeFileSync(file, text);
    t.doesNotThrow(() => parseDocument(text, file));
  }
  const [profile, overlay] = await checkFiles([
    join(dir, "hopbook.yaml"),
    join(dir, "overlays/example.yaml"),
  ]);
  t.equal(profile?.error, null);
  t.equal(overlay?.error, null);
  const { data } = await resolveNamedRunbook("trace-path", { cwd: dir });
  t.match(JSON.stringify(data), '"id":"look"');
  t.notMatch(JSON.stringify(data), '"id":"drops"');
});

t.test("nothing is overwritten", async (t) => {
  const dir = folder(t);
  mkdirSync(join(dir, "overlays"));
  writeFileSync(join(dir, "overlays/example.yaml"), "mine");
  await t.rejects(initFolder(dir), {
    code: "ARTIFACTS_UNWRITABLE",
    message: /overlays\/example\.yaml: it is there already/,
    where: { file: join(dir, "overlays/example.yaml") },
  });
  t.equal(readFileSync(join(dir, "overlays/example.yaml"), "utf8"), "mine");
  t.notOk(existsSync(join(dir, "hopbook.yaml")), "nothing is written at all");
  const other = folder(t);
  symlinkSync("/nowhere", join(other, "hopbook.yaml"));
  await t.rejects(initFolder(other), { code: "ARTIFACTS_UNWRITABLE" });
  writeFileSync(join(other, "file"), "");
  await t.rejects(initFolder(join(other, "file")), {
    code: "ARTIFACTS_UNWRITABLE",
    message: /it is not a folder/,
  });
});
