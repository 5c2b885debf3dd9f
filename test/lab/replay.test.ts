import t, { type Test } from "tap";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { planRunbook } from "../../lib/run/plan.js";
import { writePlanFile } from "../../lib/run/plan-file.js";
import { replayRun } from "../../lib/replay/replay.js";
import { runPlan, runRunbook, type RunOptions, type RunReport } from "../../lib/run/run.js";
import { downLab, setFault, upLab, type LabState } from "../../lib/lab/index.js";
import type { RunEvent } from "../../lib/model/steps.js";

/** Runs on a lab, and the same runs again from what they recorded, once the lab is gone. */

const name = `replay-${process.pid}`;
const work = mkdtempSync(join(tmpdir(), "hopbook-replay-test-"));
let lab: LabState;

t.teardown(async () => {
  await downLab({ name });
  rmSync(work, { recursive: true, force: true });
});

t.before(async () => {
  lab = await upLab({ name, topology: "calico-vxlan" });
});

interface RunHow {
  readonly ssh?: boolean;
  readonly raw?: RunOptions["inputs"];
  readonly runId?: string;
  /** Interrupts when it says so. */
  readonly until?: (event: RunEvent) => boolean;
  readonly afterMs?: number;
}

function optionsOf(how: RunHow = {}): RunOptions {
  const abort = new AbortController();
  return {
    runbook: "trace-path",
    inputs: { from: "shop/client", to: ["shop/web:8080"], probe: ["http", "ping"], ...how.raw },
    cluster: how.ssh === true ? lab.files.sshProfile : lab.files.profile,
    ...{ cwd: work, out: join(work, "runs"), grants: { yes: true }, signal: abort.signal },
    ...(how.runId === undefined ? {} : { runId: how.runId }),
    onEvent: (event) => {
      if (how.until?.(event) === true) setTimeout(() => abort.abort(new Error("SIGINT")), how.afterMs ?? 0);
    },
  };
}

const never = new AbortController().signal;

async function expectSame(t: Test, dir: string, report: Pick<RunReport, "exitCode">): Promise<void> {
  const before = performance.eventLoopUtilization();
  const out = join(work, "again");
  const again = await replayRun({ dir, out, cwd: work, signal: never, onEvent: () => undefined });
  const text = (folder: string): string => readFileSync(join(folder, "findings.json"), "utf8");
  t.equal(text(again.dir ?? ""), text(dir), "the findings are the same, byte for byte");
  t.equal(again.same, true);
  t.equal(again.exitCode, report.exitCode);
  // Of the time that passes on a busy machine, this is what nothing was done in.
  const { idle } = performance.eventLoopUtilization(before);
  t.ok(idle < 3000, `nothing was waited for: ${Math.round(idle)} ms`);
  rmSync(out, { recursive: true, force: true });
}

const moved: string[] = [];

t.test("a healthy run, a run with a drop, runs by ssh, and what only watches", async (t) => {
  const healthy = await runRunbook(optionsOf());
  t.equal(healthy.exitCode, 0);
  await expectSame(t, healthy.dir, healthy);
  moved.push(healthy.dir);
  await setFault({ name, fault: "forward-drop-b", on: true });
  const broken = await runRunbook(optionsOf({ ssh: true }));
  await setFault({ name, fault: "forward-drop-b", on: false });
  t.equal(broken.exitCode, 3);
  t.equal(broken.findings.flows[0]?.verdict.cause?.code, "netfilter-drop");
  await expectSame(t, broken.dir, broken);
  const watched = await runRunbook(optionsOf({ raw: { traffic: false, watch: "2s" } }));
  await expectSame(t, watched.dir, watched);
});

const STAGES: readonly { name: string; until: (event: RunEvent) => boolean; afterMs?: number }[] = [
  { name: "baseline", until: (event) => event.type === "stepStarted" && event.step === "baseline" },
  { name: "capture", until: (event) => event.type === "stepStarted" && event.step === "capture" },
  {
    name: "traffic",
    until: (event) => event.type === "stepStarted" && event.step === "traffic",
    afterMs: 700,
  },
  { name: "settling", until: (event) => event.type === "stepStarted" && event.step === "stop", afterMs: 300 },
  { name: "kernel", until: (event) => event.type === "stepStarted" && event.step === "kernel" },
];

for (const stage of STAGES) {
  t.test(`a run that was interrupted at ${stage.name}`, async (t) => {
    const raw = { count: "20", interval: "100ms" };
    const report = await runRunbook(optionsOf({ ...stage, raw }));
    t.equal(report.exitCode, 130);
    await expectSame(t, report.dir, report);
  });
}

t.test("two plans of the same run have the same digest, and no times", async (t) => {
  for (const ssh of [false, true]) {
    const options = optionsOf({ ssh, runId: "0123456789ab" });
    const [one, two] = [await planRunbook(options), await planRunbook(options)];
    t.equal(one.digest, two.digest, ssh ? "by ssh" : "by namespaces");
    t.notMatch(JSON.stringify(one), new RegExp(`${new Date().getUTCFullYear()}-\\d\\d-\\d\\dT`));
    t.notMatch(JSON.stringify(one), new RegExp(`\\b${String(Date.now()).slice(0, 7)}`));
    t.ok(
      one.files.some(({ path }) => path.includes("0123456789ab")),
      "files on the nodes are named",
    );
    t.match(
      one.permissions.effective,
      [{ node: "node-a", actions: ["kernel/droptrace"] }, { node: "node-b" }].map(({ node }) => ({ node })),
    );
  }
});

t.test("a plan is run as it is, and refused once anything of it changed", async (t) => {
  const plan = await planRunbook(optionsOf());
  const file = await writePlanFile(plan, { file: join(work, "plan.json"), force: false });
  const shared = { ...optionsOf(), inputs: {} };
  const report = await runPlan({ ...shared, plan: file });
  t.equal(report.exitCode, 0);
  t.equal(report.findings.run.id, plan.run.id);
  const folders = readdirSync(join(work, "runs")).length;
  // The far pod's interface is another one now, as where a pod has moved.
  await setFault({ name, fault: "pod-route-missing-b", on: true });
  await t
    .rejects(runPlan({ ...shared, plan: file }), { code: "PLAN_DRIFT" })
    .finally(() => setFault({ name, fault: "pod-route-missing-b", on: false }));
  t.equal(readdirSync(join(work, "runs")).length, folders, "no folder is left of a refused run");
});

t.test("with the lab gone and the folder moved", async (t) => {
  await downLab({ name });
  const [dir = ""] = moved;
  const elsewhere = join(work, "elsewhere");
  cpSync(dir, elsewhere, { recursive: true });
  rmSync(dir, { recursive: true });
  await expectSame(t, elsewhere, { exitCode: 0 });
  await t.test("a runbook that asks for something else is told what is missing", async (t) => {
    const file = join(work, "changed.yaml");
    const text = readFileSync(join(elsewhere, "runbook.yaml"), "utf8");
    writeFileSync(file, text.replace("count: ${{ inputs.count }}", "count: 7"));
    const error = await replayRun({
      ...{ dir: elsewhere, runbook: file, cwd: work, signal: never, onEvent: () => undefined },
    }).catch((thrown: unknown) => thrown);
    t.match(error, {
      code: "RECORDING_MISSING",
      message: /asked for by step traffic/,
      where: { node: "node-a" },
    });
    t.match(
      (error as { detail: string }).detail,
      /asked for: node-a, netns\/probe.*\nnearest recorded: node-a, netns\/probe/s,
    );
  });
  await t.test("one that asks for less is answered", async (t) => {
    const file = join(work, "less.yaml");
    const text = readFileSync(join(elsewhere, "runbook.yaml"), "utf8");
    writeFileSync(
      file,
      text
        .replace(/ {2}- id: baseline[\s\S]*?(?= {2}- id: capture)/, "")
        .replace(/ {2}- id: kernel[\s\S]*?(?= {2}- id: state)/, ""),
    );
    const report = await replayRun({
      ...{ dir: elsewhere, runbook: file, cwd: work, signal: never, onEvent: () => undefined },
    });
    t.equal(report.exitCode, 0);
    t.match(report.findings.flows, [
      { verdict: { status: "delivered" } },
      { verdict: { status: "delivered" } },
    ]);
    t.equal(report.dir, null);
  });
  t.notOk(existsSync(join(work, "again")));
});
