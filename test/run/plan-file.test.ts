import t, { type Test } from "tap";
import { readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { planRunbook } from "../../lib/run/plan.js";
import { readPlanFile, writePlanFile } from "../../lib/run/plan-file.js";
import { runPlan } from "../../lib/run/run.js";
import { HERE_CLUSTER } from "../cli/helpers.js";

const RUNBOOK = `apiVersion: hopbook.dev/v1
kind: Runbook
metadata: {name: sample, title: Sample}
inputs:
  from: {type: string, default: shop/client}
  token: {type: string, default: hunter2-secret, secret: true}
permissions: {node: {}}
steps: [{id: w, uses: time/wait, with: {duration: 1ms}}]
`;

async function setUp(t: Test) {
  const dir = t.testdir({ "cluster.yaml": HERE_CLUSTER, "sample.yaml": RUNBOOK });
  const shared = {
    ...{
      cwd: dir,
      cluster: join(dir, "cluster.yaml"),
      grants: { yes: true },
      signal: new AbortController().signal,
    },
    onEvent: () => undefined,
  };
  const plan = await planRunbook({
    ...shared,
    runbook: join(dir, "sample.yaml"),
    inputs: { from: "shop/web" },
  });
  const file = await writePlanFile(plan, { file: join(dir, "plan.json"), force: false });
  return { dir, plan, file, shared: { ...shared, out: join(dir, "runs") } };
}

t.test("it is written whole, for its owner, and never over another file", async (t) => {
  const { dir, plan, file } = await setUp(t);
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.strictSame(JSON.parse(readFileSync(file, "utf8")), JSON.parse(JSON.stringify(plan)));
  t.notMatch(readFileSync(file, "utf8"), /hunter2/);
  await t.rejects(writePlanFile(plan, { file, force: false }), {
    code: "ARTIFACTS_UNWRITABLE",
    hint: /--force/,
  });
  symlinkSync(join(dir, "target"), join(dir, "link.json"));
  await t.rejects(writePlanFile(plan, { file: join(dir, "link.json"), force: false }), {
    code: "ARTIFACTS_UNWRITABLE",
  });
  t.equal(await writePlanFile(plan, { file, force: true }), file);
  await t.rejects(writePlanFile(plan, { file: join(dir, "no/plan.json"), force: true }), {
    code: "ARTIFACTS_UNWRITABLE",
  });
});

t.test("it runs as it is, from any folder, and a secret has to be given again", async (t) => {
  const { plan, file, shared } = await setUp(t);
  await t.rejects(runPlan({ ...shared, plan: file, cwd: "/" }), {
    code: "INPUT_INVALID",
    message: /secret token/,
  });
  await t.rejects(runPlan({ ...shared, plan: file, inputs: { from: "x" } }), { code: "USAGE" });
  const report = await runPlan({ ...shared, plan: file, cwd: "/", inputs: { token: "another-secret" } });
  t.equal(report.exitCode, 0);
  t.equal(report.findings.run.id, plan.run.id);
  t.notMatch(readFileSync(join(report.dir, "plan.json"), "utf8"), /another-secret|hunter2/);
  t.match(JSON.parse(readFileSync(join(report.dir, "inputs.json"), "utf8")), { from: "shop/web" });
});

t.test("this machine is a node where the profile is named, and not by --yes alone", async (t) => {
  const { file, shared } = await setUp(t);
  await t.rejects(
    runPlan({ ...shared, cluster: undefined, plan: file, inputs: { token: "hunter2-secret" } }),
    {
      code: "PERMISSION_DENIED",
      detail: /takes this machine for nodes \(via: local\): me/,
    },
  );
});

t.test("what changed since is refused, and leaves no folder", async (t) => {
  const { dir, file, shared } = await setUp(t);
  const raw = { token: "hunter2-secret" };
  writeFileSync(join(dir, "sample.yaml"), RUNBOOK.replace("1ms", "2ms"));
  const error = await runPlan({ ...shared, plan: file, inputs: raw }).catch((thrown: unknown) => thrown);
  t.match(error, { code: "PLAN_DRIFT", exitCode: 2 });
  t.match((error as { detail: string }).detail, /the runbook's text changed: .*sample\.yaml/);
  t.throws(() => statSync(join(dir, "runs", "x")));
});

t.test("another host behind the same name is refused before it is entered", async (t) => {
  const { dir, shared } = await setUp(t);
  const cluster = join(dir, "cluster.yaml");
  const config = (host: string): void =>
    writeFileSync(join(dir, "ssh_config"), `Host node-a\n  HostName ${host}\n  Port 1\n`);
  writeFileSync(
    cluster,
    `${HERE_CLUSTER}  - name: node-a\n    access: {via: ssh, sshConfig: ./ssh_config}\n`,
  );
  config("127.0.0.1");
  const raw = { token: "hunter2-secret" };
  const planned = { ...shared, cluster, runbook: join(dir, "sample.yaml"), inputs: raw };
  const plan = await planRunbook(planned);
  const file = await writePlanFile(plan, { file: join(dir, "ssh.json"), force: false });
  t.match(plan.ends, [{ of: "node-a", settings: { HostName: "127.0.0.1", Port: "1" } }]);
  t.equal((await runPlan({ ...shared, cluster, plan: file, inputs: raw })).exitCode, 0);
  config("127.0.0.2");
  await t.rejects(runPlan({ ...shared, cluster, plan: file, inputs: raw }), {
    code: "PLAN_DRIFT",
    message: /would go elsewhere/,
    detail: "node-a: HostName: 127.0.0.1 → 127.0.0.2",
  });
  writeFileSync(join(dir, "ssh_config"), "NoSuchWord yes\n");
  await t.rejects(runPlan({ ...shared, cluster, plan: file, inputs: raw }), {
    code: "PLAN_DRIFT",
    detail: /^node-a: Cannot tell where ssh would enter node-a/,
  });
});

t.test("ssh is asked once a run where it would go, and so for a plan", async (t) => {
  const { dir, shared } = await setUp(t);
  const cluster = join(dir, "cluster.yaml");
  const asked = join(dir, "asked");
  const config = `Match exec "echo %n >>${asked}"\n  HostName 127.0.0.1\n  Port 1\n`;
  writeFileSync(join(dir, "ssh_config"), config);
  const nodes = ["node-a", "node-b"].map(
    (name) => `  - name: ${name}\n    access: {via: ssh, sshConfig: ./ssh_config}\n`,
  );
  writeFileSync(cluster, HERE_CLUSTER + nodes.join(""));
  const raw = { token: "hunter2-secret" };
  /** Besides the login, for which ssh reads its configuration itself. */
  const count = (): readonly number[] => {
    const lines = readFileSync(asked, "utf8").split("\n");
    writeFileSync(asked, "");
    return ["node-a", "node-b"].map((name) => lines.filter((line) => line === name).length - 1);
  };
  const plan = await planRunbook({ ...shared, cluster, runbook: join(dir, "sample.yaml"), inputs: raw });
  t.strictSame(count(), [1, 1]);
  const file = await writePlanFile(plan, { file: join(dir, "once.json"), force: false });
  await runPlan({ ...shared, cluster, plan: file, inputs: raw });
  t.strictSame(count(), [1, 1]);
});

t.test("a file that is no plan, or was changed, is refused", async (t) => {
  const { dir, plan, file } = await setUp(t);
  const wrong: [unknown, RegExp][] = [
    ["{", /JSON/],
    [{}, /./],
    [[], /./],
    [{ ...plan, cluster: "another" }, /changed after it was made/],
    [{ ...plan, digest: "sha256:" }, /digest/],
    [{ ...plan, more: 1 }, /more/],
    [{ ...plan, run: { id: "../../x" } }, /run.id/],
  ];
  for (const [value, message] of wrong) {
    writeFileSync(file, typeof value === "string" ? value : JSON.stringify(value));
    await t.rejects(readPlanFile(file), { code: "PLAN_INVALID", message });
  }
  await t.rejects(readPlanFile(dir), { code: "FILE_UNREADABLE" });
  const refused = await planRunbook({
    ...{ cwd: dir, cluster: join(dir, "cluster.yaml"), grants: {}, signal: new AbortController().signal },
    ...{ onEvent: () => undefined, runbook: join(dir, "sample.yaml"), inputs: {} },
  });
  writeFileSync(file, JSON.stringify(refused));
  await t.rejects(readPlanFile(file), { code: "PLAN_INVALID", message: /without a look at the nodes/ });
});
