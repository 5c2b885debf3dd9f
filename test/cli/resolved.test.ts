import t from "tap";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseDocument } from "../../lib/document/index.js";
import { hopbook } from "./helpers.js";

const home = process.cwd();
const root = realpathSync(mkdtempSync(join(tmpdir(), "hopbook-resolved-")));
t.before(() => process.chdir(root));
t.teardown(() => {
  process.chdir(home);
  rmSync(root, { recursive: true, force: true });
});

t.test("init, then what is laid over a runbook", async (t) => {
  const made = await hopbook(["init", "prod"]);
  t.match(made, { code: 0, out: `${root}/prod/hopbook.yaml\n${root}/prod/overlays/example.yaml\n` });
  t.match((await hopbook(["check", "prod"])).out, /prod\/hopbook\.yaml: valid[\s\S]*example\.yaml: valid/);
  t.match(await hopbook(["init", "prod"]), { code: 2, err: /hopbook\.yaml: it is there already/ });
  t.match(JSON.parse((await hopbook(["init", "json", "-o", "json"])).out), { dir: `${root}/json` });

  const shown = await hopbook(["show", "trace-path", "--resolved", "--cluster", "prod"]);
  t.equal(shown.code, 0, shown.err);
  t.match(shown.out, /cluster: my-cluster +# prod\/overlays\/example\.yaml:12\n/);
  t.match(shown.out, /- id: capture +# \S+runbooks\/trace-path\.yaml:\d+\n/);
  const json = await hopbook(["show", "trace-path", "--resolved", "--cluster", "prod", "--output", "json"]);
  const { data, origins, sources } = JSON.parse(json.out) as {
    data: unknown;
    origins: Record<string, unknown>;
    sources: unknown[];
  };
  t.strictSame(parseDocument(shown.out, "shown.yaml").data, data, "what is shown is the runbook");
  t.match(origins["/metadata/labels/cluster"], { file: `${root}/prod/overlays/example.yaml`, line: 12 });
  t.equal(sources.length, 2);
  const bare = await hopbook(["show", "trace-path", "--resolved"]);
  t.notMatch(bare.out, "my-cluster");
});

t.test("the cluster's overlays have a say in the inputs that run and plan take", async (t) => {
  mkdirSync("eu");
  writeFileSync(
    "eu/hopbook.yaml",
    `apiVersion: hopbook.dev/v1
kind: ClusterProfile
metadata: {name: eu}
nodes: [{name: me, access: {via: local}}]
overlays:
  - target: {runbooks: [trace-path]}
    patch: {inputs: {ticket: {type: string, description: Where to report}}}
`,
  );
  for (const flag of [["--cluster", "eu"], ["--cluster=eu"]]) {
    t.match((await hopbook(["run", "trace-path", ...flag, "--help"])).out, /--ticket <STRING>/);
    t.match((await hopbook(["plan", "trace-path", "--help", ...flag])).out, /--ticket <STRING>/);
  }
  t.notMatch((await hopbook(["run", "trace-path", "--help"])).out, "--ticket");
  t.match(await hopbook(["run", "trace-path", "--cluster", "none", "--help"]), {
    code: 2,
    err: /there is no none/,
  });
});

t.test("an overlay that does not fit is shown at its line", async (t) => {
  mkdirSync("bad");
  writeFileSync(
    "bad/hopbook.yaml",
    `apiVersion: hopbook.dev/v1
kind: ClusterProfile
metadata: {name: bad}
nodes: [{name: me, access: {via: local}}]
overlays:
  - target: {runbooks: [trace-path]}
    patch:
      steps:
        - {id: captre, $patch: delete}
`,
  );
  const shown = await hopbook(["show", "trace-path", "--cluster", "bad"]);
  t.equal(shown.code, 2);
  t.match(shown.err, `${root}/bad/hopbook.yaml:9:16: there is no step "captre" to delete`);
  t.match(shown.err, /9 \| {9}- \{id: captre, \$patch: delete\}\n.*\^ did you mean "capture"\?/);
});
