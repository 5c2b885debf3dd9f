import t from "tap";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { planRunbook } from "../../lib/run/plan.js";
import { runRunbook, type RunOptions, type RunReport } from "../../lib/run/run.js";
import { downLab, upLab, type LabState } from "../../lib/lab/index.js";
import type { RunEvent } from "../../lib/model/steps.js";

/** Scripts against a lab: the runbooks that show them, and scripts that go wrong in the middle of a run. */

const name = `script-${process.pid}`;
const work = mkdtempSync(join(tmpdir(), "hopbook-script-test-"));
const EXAMPLE = fileURLToPath(new URL("../../docs/examples/triage.ts", import.meta.url));
let lab: LabState;

t.before(async () => {
  lab = await upLab({ name, topology: "calico-vxlan" });
});

t.teardown(async () => {
  await downLab({ name });
  rmSync(work, { recursive: true, force: true });
});

interface Ran extends RunReport {
  readonly notes: readonly string[];
}

function optionsOf(
  runbook: string,
  raw: RunOptions["inputs"],
  onEvent: (event: RunEvent) => void,
): RunOptions {
  const { signal } = new AbortController();
  const where = { cluster: lab.files.profile, cwd: work, out: join(work, "runs") };
  return { runbook, inputs: raw, ...where, grants: { yes: true }, signal, onEvent };
}

async function run(runbook: string, raw: RunOptions["inputs"]): Promise<Ran> {
  const notes: string[] = [];
  const report = await runRunbook(
    optionsOf(runbook, raw, (event) => {
      if (event.type === "note") notes.push(event.text);
    }),
  );
  return { ...report, notes };
}

const readJson = (...path: string[]): unknown => JSON.parse(readFileSync(join(...path), "utf8"));

t.test("count-resets: who resets, and at which hops it is seen", async (t) => {
  const refused = await run("count-resets", { from: "shop/client", to: "shop/web:9999", count: "3" });
  t.equal(refused.outcome.status, "done");
  const { hops } = readJson(refused.dir, "evidence/script/resets/resets.json") as {
    hops: Record<string, unknown>[];
  };
  t.equal(hops.length, 8);
  const web = hops.flatMap(({ bySender }) => Object.keys(bySender as object));
  t.strictSame(new Set(web), new Set(["192.168.218.65:9999"]));
  t.ok(hops.every(({ resets, packets }) => resets === 3 && packets === 6));
  t.ok(
    existsSync(join(refused.dir, "evidence/script/resets/source/count-resets.ts")),
    "the script is evidence too",
  );
  t.ok(refused.notes.some((note) => /3 resets in 6 packets/.test(note)));
  t.match(refused.findings.checks, [
    { id: "resets", status: "fail", message: /^3 resets from 192\.168\.218\.65:9999, seen at 8 of 8/ },
  ]);

  const served = await run("count-resets", { from: "shop/client", to: "shop/web:8080", count: "2" });
  t.match(served.findings.checks, [{ id: "resets", status: "pass", message: /no reset/ }]);
  t.equal(served.exitCode, 0);
});

t.test("count-resets: its plan names the script and its digest", async (t) => {
  const raw = { from: "shop/client", to: "shop/web:8080" };
  const plan = await planRunbook(optionsOf("count-resets", raw, () => undefined));
  const step = plan.steps.find(({ id }) => id === "resets");
  t.match(step?.notes[0], /^script .*count-resets\.ts, sha256 [0-9a-f]{64}$/);
});

t.test("triage.ts: a whole runbook in TypeScript", async (t) => {
  cpSync(EXAMPLE, join(work, "triage.ts"));
  const raw = { from: "shop/client", to: ["shop/web:8080", "shop/web:9999"] };
  const ran = await run(join(work, "triage.ts"), raw);
  t.equal(ran.outcome.status, "done", String(ran.outcome.error?.message));
  t.ok(
    ran.notes.includes("shop/web:9999 resets connections; nothing listens on port 9999"),
    ran.notes.join("\n"),
  );
  t.equal(ran.findings.flows.length, 2);
  t.match(ran.findings.checks, [{ id: "answered", status: "fail" }]);
  t.ok(Array.isArray(readJson(ran.dir, "evidence/script/script/client-routes.json")));
});

const RUNBOOK = (script: string, timeout: string): string => `apiVersion: hopbook.dev/v1
kind: Runbook
metadata: { name: odd, title: A script that goes wrong }
permissions: { node: {}, exec: [node/read] }
steps:
  - { id: script, script: ${script}, timeout: ${timeout} }
finally:
  - { id: after, uses: time/wait, with: { duration: 1ms } }
`;

const ENDLESS = "loops for ever";
const COMMANDS: Record<string, [string, RegExp]> = {
  "reads a route": ["return (await hb.node('node-a').$`ip -j route show`).json().length > 0", /^$/],
  "changes a node": ["await hb.node('node-a').$`ip link set lo down`", /permissions\.mutate/],
  "runs a shell": ["await hb.node('node-a').$`sh -c ${'id'}`", /shell/],
  "writes a file of a node": ["await hb.node('node-a').$`tee /tmp/x`", /mutate/],
  "enters a pod without a permission": ["await (await hb.pods.get('shop/web')).$`ss -Hlnt`", /runtime\/pods/],
  "reads a file of this machine": ["await hb.readFile('/etc/passwd')", /read/],
  "writes a file of this machine": ["await hb.writeFile('/tmp/hopbook-x', 'x')", /write/],
  "asks the network": ["await hb.fetch('http://127.0.0.1:1/')", /net/],
  "reads the environment": ["await hb.readEnv('HOME')", /env/],
  "starts a capture": ["await hb.run('capture/start', { flows: [] })", /flows/],
  [ENDLESS]: ["for (;;) ;", /did not end within 3\.0 s/],
};

t.test("what a script may not do ends its step, and the run goes on to finally", async (t) => {
  for (const [what, [body, says]] of Object.entries(COMMANDS)) {
    await t.test(what, async (t) => {
      writeFileSync(join(work, "odd.ts"), `export default async (hb) => {\n  ${body};\n};\n`);
      writeFileSync(join(work, "odd.yaml"), RUNBOOK("./odd.ts", what === ENDLESS ? "3s" : "60s"));
      const ended: string[] = [];
      const report = await runRunbook(
        optionsOf(join(work, "odd.yaml"), {}, (event) => {
          if (event.type === "stepEnded") ended.push(`${event.step} ${event.status}`);
        }),
      );
      if (says.source === "^$") {
        t.strictSame(ended, ["script done", "after done"]);
        t.equal(report.exitCode, 0);
        return;
      }
      t.strictSame(ended, ["script failed", "after done"]);
      t.equal(report.exitCode, 6);
      const { error } = report.outcome;
      t.match(error, { code: "SCRIPT_FAILED", where: { file: join(work, "odd.ts") } });
      t.match(error?.message, says);
      if (what !== ENDLESS) t.equal((error as unknown as { where: { line: number } }).where.line, 2);
    });
  }
});
