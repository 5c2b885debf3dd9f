import t from "tap";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pinScripts } from "../../lib/session/pin-scripts.js";
import { planRunbook } from "../../lib/run/plan.js";
import { writePlanFile } from "../../lib/run/plan-file.js";
import { runPlan } from "../../lib/run/run.js";
import type { SandboxProcess, ScriptModule } from "../../lib/model/sandbox.js";
import { HERE_CLUSTER } from "../cli/helpers.js";

t.test("what was looked at is what runs, with all that it imports", async (t) => {
  let killed = 0;
  const module = (path: string, sha256: string): ScriptModule => ({
    path,
    file: `/x/${path}`,
    sha256,
    text: "",
  });
  const start = (...modules: ScriptModule[]): { file: string; process: SandboxProcess } => ({
    file: "/x/a.ts",
    process: { modules, kill: () => Promise.resolve(void (killed += 1)) } as unknown as SandboxProcess,
  });
  const [a, b, evil] = [module("a.ts", "1"), module("b.ts", "2"), module("b.ts", "3")];
  const pin = pinScripts(new Map([["/x/a.ts", [a, b]]]));
  await t.resolves(pin(start(b, a)));
  for (const changed of [[a, evil], [a], [a, b, evil]]) {
    await t.rejects(pin(start(...changed)), { code: "PLAN_DRIFT", where: { file: "/x/a.ts" } });
  }
  t.equal(killed, 3);
  const fresh = pinScripts();
  await t.resolves(fresh(start(a, evil)), "nothing is known of it");
  await t.rejects(fresh(start(a, b)), { code: "PLAN_DRIFT" });
});

t.test("an import that is changed while a planned run goes on does not run", async (t) => {
  const dir = t.testdir({
    "cluster.yaml": HERE_CLUSTER,
    "sample.yaml": `apiVersion: hopbook.dev/v1
kind: Runbook
metadata: {name: sample, title: Sample}
permissions: {node: {}}
steps:
  - {id: first, uses: time/wait, with: {duration: 1ms}}
  - {id: s, script: ./s.ts}
`,
    "s.ts": `import { x } from "./x.ts"; export default () => ({ x });`,
    "x.ts": `export const x = "good";`,
  });
  const shared = {
    ...{ cwd: dir, grants: { yes: true }, signal: new AbortController().signal, out: join(dir, "runs") },
    cluster: join(dir, "cluster.yaml"),
  };
  const plan = await planRunbook({
    ...{ ...shared, runbook: join(dir, "sample.yaml"), inputs: {}, onEvent: () => undefined },
  });
  t.strictSame(
    plan.scripts.map(({ step, file }) => [step, file]),
    [
      ["s", join(dir, "s.ts")],
      ["s", join(dir, "x.ts")],
    ],
  );
  const file = await writePlanFile(plan, { file: join(dir, "plan.json"), force: false });
  const report = await runPlan({
    ...shared,
    plan: file,
    onEvent: (event) => {
      if (event.type === "stepEnded" && event.step === "first")
        writeFileSync(join(dir, "x.ts"), `export const x = "evil";`);
    },
  });
  t.match(report.outcome.error, { code: "PLAN_DRIFT", message: /changed after it was looked at/ });
});
