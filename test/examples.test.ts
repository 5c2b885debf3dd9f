import t from "tap";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, parseAllDocuments } from "yaml";
import { checkFiles, resolveNamedRunbook, runRunbookTests } from "../lib/index.js";

/** examples/: what people copy from has to be what hopbook takes. They are planned in test/lab/examples.test.ts. */

const EXAMPLES = join(import.meta.dirname, "../examples");
const FILES = readdirSync(EXAMPLES, { recursive: true, encoding: "utf8" }).filter((name) =>
  name.endsWith(".yaml"),
);
const OURS = FILES.filter((name) => !name.endsWith("cronjob.yaml"));
const PROFILES = OURS.filter((name) =>
  /kind: ClusterProfile/.test(readFileSync(join(EXAMPLES, name), "utf8")),
);

t.test("every file is valid", async (t) => {
  t.ok(PROFILES.length >= 8);
  for (const { file, error } of await checkFiles(OURS.map((name) => join(EXAMPLES, name))))
    t.equal(error, null, file);
});

t.test("overlays come to what their README says, and origins name them", async (t) => {
  const { data, yaml } = await resolveNamedRunbook("trace-path", {
    cluster: join(EXAMPLES, "gitops/clusters/prod.yaml"),
    cwd: join(EXAMPLES, "gitops"),
  });
  t.match(data, {
    metadata: { labels: { links: "slow" } },
    inputs: { count: { default: 2 }, kernelDrops: { default: false } },
  });
  t.match(yaml, /default: 2 *# overlays\/careful\.yaml:\d+/);
});

t.test("the runbook of the GitOps repository passes its own test", async (t) => {
  const { cases } = await runRunbookTests({
    files: [join(EXAMPLES, "gitops/runbooks/checkout.test.yaml")],
    cwd: EXAMPLES,
    signal: new AbortController().signal,
  });
  t.equal(cases.length, 2);
  for (const one of cases) t.strictSame(one.differences, [], one.name);
});

t.test("the CronJob's ConfigMap is the profile beside it", (t) => {
  const text = readFileSync(join(EXAMPLES, "cronjob/cronjob.yaml"), "utf8");
  const objects = parseAllDocuments(text).map((document) => document.toJS() as Record<string, unknown>);
  const map = objects.find(({ kind }) => kind === "ConfigMap");
  const profile = (map?.["data"] as Record<string, string>)["hopbook.yaml"] ?? "";
  t.strictSame(parse(profile), parse(readFileSync(join(EXAMPLES, "cronjob/hopbook.yaml"), "utf8")));
  t.match(
    objects.map(({ kind }) => kind),
    ["Namespace", "ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"],
  );
  t.end();
});
