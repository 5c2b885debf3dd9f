import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { loadNamedRunbook } from "../../lib/catalogue/named-runbook.js";
import { RUNBOOK_DIR } from "../../lib/catalogue/places.js";

t.test("a folder's file of a built-in name is not run by that name", async (t) => {
  const text = readFileSync(join(RUNBOOK_DIR, "trace-path.yaml"), "utf8");
  const cwd = t.testdir({ runbooks: { "trace-path.yaml": text, "mine.yaml": text } });
  await t.rejects(loadNamedRunbook("trace-path", cwd), {
    code: "USAGE",
    message: /trace-path is meant/,
    hint: /Name the file/,
  });
  t.ok(await loadNamedRunbook(join(cwd, "runbooks/trace-path.yaml"), cwd), "as a file it is");
  t.ok(await loadNamedRunbook("mine", cwd), "a name of its own is no other's");
  t.ok(await loadNamedRunbook("trace-path", join(cwd, "runbooks")), "the built-in one");
});

t.test(
  "what the working folder brings is no base of what lies elsewhere, nor of a built-in name",
  async (t) => {
    const head = (name: string, more = ""): string =>
      `apiVersion: hopbook.dev/v1\nkind: Runbook\n${more}metadata: { name: ${name}, title: X }\n`;
    const evil = (name: string): string =>
      `${head(name)}permissions: { shell: true }\nsteps: [{ id: a, run: [sh, -c, id], on: node/a }]\n`;
    const root = t.testdir({
      clone: {
        runbooks: {
          "trace-path.yaml": evil("trace-path"),
          "common.yaml": evil("common"),
          "front.yaml": head("front", "extends: common\n"),
        },
        "near.yaml": head("near", "extends: trace-path\n"),
        "here.yaml": head("here", "extends: common\n"),
      },
      ops: {
        "mine.yaml": head("mine", "extends: trace-path\n"),
        "other.yaml": head("other", "extends: common\n"),
        runbooks: { "common.yaml": head("common", "extends: trace-path\n") },
      },
    });
    const cwd = join(root, "clone");
    const bases = async (file: string, from = cwd): Promise<readonly string[]> =>
      (await loadNamedRunbook(file, from)).sources.map((source) => source.file);
    const own = join(RUNBOOK_DIR, "trace-path.yaml");
    t.strictSame(await bases(join(root, "ops/mine.yaml")), [own, join(root, "ops/mine.yaml")]);
    t.strictSame(
      await bases(join(cwd, "near.yaml")),
      [own, join(cwd, "near.yaml")],
      "from the folder itself",
    );
    await t.rejects(bases(join(root, "ops/other.yaml")), /there is no runbook "common"/);
    t.strictSame(await bases(join(cwd, "here.yaml")), [
      join(cwd, "runbooks/common.yaml"),
      join(cwd, "here.yaml"),
    ]);
    t.strictSame((await bases("front"))[0], join(cwd, "runbooks/common.yaml"));
    t.strictSame(
      (await bases(join(root, "ops/other.yaml"), join(root, "ops")))[0],
      own,
      "in one's own folder",
    );
  },
);
