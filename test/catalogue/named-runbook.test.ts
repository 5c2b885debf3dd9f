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
