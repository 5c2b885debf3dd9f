import t from "tap";
import { lstatSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createRunFolder } from "../../lib/artifacts/create.js";

const RUN = { runbook: "trace", target: "shop/web", now: new Date("2026-11-29T12:00:00Z"), id: "r" };
const NAME = "2026-11-29T12-00-00Z-trace-shop-web";

t.test("runs at once with one --out have a folder each", async (t) => {
  const out = join(t.testdir({}), "new", "out");
  const folders = await Promise.all(Array.from({ length: 12 }, () => createRunFolder({ ...RUN, out })));
  t.equal(new Set(folders.map(({ dir }) => dir)).size, 12);
  await Promise.all(folders.map((folder, index) => folder.writeJson("a.json", { index })));
  t.strictSame(
    folders.map(({ dir }) => readdirSync(dir)),
    folders.map(() => ["a.json"]),
    "and nothing of another's",
  );
});

t.test("an --out that is a link is followed, since a person named it; nothing below it is", async (t) => {
  const dir = t.testdir({ real: {}, victim: {} });
  symlinkSync(join(dir, "real"), join(dir, "out"));
  symlinkSync(join(dir, "victim"), join(dir, "real", NAME));
  symlinkSync(join(dir, "victim/new"), join(dir, "real", `${NAME}-2`));
  const folder = await createRunFolder({ ...RUN, out: join(dir, "out") });
  t.equal(folder.dir, join(dir, "out", `${NAME}-3`));
  t.ok(lstatSync(folder.dir).isDirectory());
  t.equal(lstatSync(folder.dir).mode & 0o777, 0o700);
  symlinkSync(join(dir, "victim"), join(folder.dir, "evidence"));
  await t.rejects(folder.writeJson("evidence/a.json", {}), { code: "ARTIFACTS_UNWRITABLE" });
  symlinkSync(join(dir, "victim/b.json"), join(folder.dir, "b.json"));
  await folder.writeJson("b.json", {}).catch(() => undefined);
  t.strictSame(readdirSync(join(dir, "victim")), [], "nothing behind a link");
});

t.test("an --out that is a dangling link or a file is refused", async (t) => {
  const dir = t.testdir({});
  symlinkSync(join(dir, "nowhere"), join(dir, "dangling"));
  writeFileSync(join(dir, "file"), "");
  for (const name of ["dangling", "file", "file/below"]) {
    await t.rejects(
      createRunFolder({ ...RUN, out: join(dir, name) }),
      { code: "ARTIFACTS_UNWRITABLE" },
      name,
    );
  }
  t.strictSame(readdirSync(dirname(join(dir, "x"))).sort(), ["dangling", "file"]);
});
