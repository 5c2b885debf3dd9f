import t from "tap";
import { readdirSync } from "node:fs";
import { newRunbook } from "../../lib/catalogue/new.js";

t.test("a name of hopbook's own is refused, and nothing is made", async (t) => {
  const dir = t.testdir({});
  await t.rejects(newRunbook({ name: "trace-path", dir }), {
    code: "USAGE",
    message: /one of hopbook's own/,
  });
  t.strictSame(readdirSync(dir), []);
  t.match(await newRunbook({ name: "my-trace", dir }), { runbook: `${dir}/runbooks/my-trace.yaml` });
  await t.rejects(newRunbook({ name: "my-trace", dir }), {
    code: "ARTIFACTS_UNWRITABLE",
    message: /it is there already/,
  });
});
