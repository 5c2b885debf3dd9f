import t from "tap";
import { IN_CLUSTER, MAKES_FOLDER, withDefaults } from "../../lib/api/defaults.js";
import * as hopbook from "../../lib/index.js";
import type { SharedOptions } from "../../lib/session/options.js";
import { GONE_CLUSTER } from "../cli/helpers.js";

const given = (options: SharedOptions & { readonly out?: string }): typeof options => options;

t.test(
  "what a program leaves out is its folder, no interruption, nobody told, and nothing granted",
  async (t) => {
    const options = withDefaults(given, MAKES_FOLDER)({ cluster: "c.yaml", signal: undefined });
    t.match(options, { cluster: "c.yaml", cwd: process.cwd(), grants: {}, out: "artifacts" });
    t.equal(options.signal.aborted, false);
    t.equal(options.onEvent({ type: "note", step: "a", level: "info", text: "b" }), undefined);
  },
);

t.test("what it gives holds; a folder is made only where the function makes one", async (t) => {
  const { signal } = new AbortController();
  const grants = { yes: true };
  t.match(withDefaults(given, MAKES_FOLDER)({ out: "x", grants, cwd: "/y", signal }), {
    ...{ out: "x", grants, cwd: "/y", signal },
  });
  t.equal(withDefaults(given, IN_CLUSTER)({}).out, undefined);
  t.equal(withDefaults(given)({}).grants, undefined, "a replay has the recorded ones");
});

t.test("a script names a runbook, its inputs and a cluster, and no more", async (t) => {
  const dir = t.testdir({ "c.yaml": GONE_CLUSTER });
  const asked = { runbook: "trace-path", inputs: { from: "a/b", to: "c/d" }, cluster: `${dir}/c.yaml` };
  await t.rejects(hopbook.runRunbook({ ...asked, out: dir }), { code: "PERMISSION_DENIED" });
  t.ok((await hopbook.listCatalogue()).some(({ name }) => name === "trace-path"));
  t.match(await hopbook.describeRunbook("dns"), { name: "dns" });
});
