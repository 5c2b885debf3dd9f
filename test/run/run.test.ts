import t, { type Test } from "tap";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { planRunbook, runRunbook, type RunOptions } from "../../lib/run/run.js";
import { verifyManifest } from "../../lib/artifacts/index.js";
import type { RunEvent } from "../../lib/model/steps.js";
import { HERE_CLUSTER } from "../cli/helpers.js";

/** A runbook that runs no command: the way of a run with no node needed. */
const runbookOf = (steps: string, more = ""): string => `apiVersion: hopbook.dev/v1
kind: Runbook
metadata: {name: sample, title: Sample}
inputs:
  from: {type: string, default: shop/client}
  token: {type: string, default: hunter2-secret, secret: true}
permissions: {node: {}, exec: [kernel/droptrace, netns/tcpdump, capture/pull], capture: {}}
steps: ${steps}
${more}
`;

const WAIT = "[{id: w, uses: time/wait, with: {duration: 1ms}}]";

function setUp(t: Test, runbook: string): RunOptions & { events: RunEvent[]; abort: AbortController } {
  const dir = t.testdir({ "cluster.yaml": HERE_CLUSTER, "sample.yaml": runbook });
  const abort = new AbortController();
  const events: RunEvent[] = [];
  return {
    ...{ runbook: join(dir, "sample.yaml"), inputs: {}, cluster: join(dir, "cluster.yaml"), cwd: dir },
    ...{ out: join(dir, "artifacts"), grants: { yes: true }, signal: abort.signal, abort, events },
    onEvent: (event) => events.push(event),
  };
}

t.test("a run leaves its whole folder, hashed, with its secrets masked", async (t) => {
  const report = await runRunbook(setUp(t, runbookOf(WAIT)));
  t.equal(report.exitCode, 0);
  t.match(report.findings, { run: { runbook: "sample", complete: true }, flows: [], checks: [] });
  const files = ["findings.json", "inputs.json", "manifest.json", "plan.json", "report.html", "report.md"];
  for (const file of [...files, "runbook.yaml", "transcript.jsonl", "evidence/run.json"]) {
    t.ok(existsSync(join(report.dir, file)), file);
    t.notMatch(readFileSync(join(report.dir, file), "utf8"), /hunter2/, file);
  }
  t.strictSame(await verifyManifest(report.dir), { changed: [], missing: [], unlisted: [] });
  t.match(readFileSync(join(report.dir, "transcript.jsonl"), "utf8"), /"decision":"granted".*"by":"--yes"/);
});

t.test("a check that fails is exit 3, one that passes 0", async (t) => {
  const check = (status: string): string =>
    `checks: [{id: c, title: C, outcomes: [{${status}: {message: so it is}}]}]`;
  t.equal((await runRunbook(setUp(t, runbookOf(WAIT, check("fail"))))).exitCode, 3);
  const warned = await runRunbook(setUp(t, runbookOf(WAIT, check("warn"))));
  t.equal(warned.exitCode, 0);
  t.match(warned.findings.checks, [{ id: "c", status: "warn", message: "so it is" }]);
});

t.test("a step that fails before anything is followed: its own exit code, and a folder", async (t) => {
  const report = await runRunbook(
    setUp(t, runbookOf("[{id: s, uses: capture/stop, with: {capture: none}}]")),
  );
  t.equal(report.exitCode, 6);
  t.match(report.outcome, { status: "failed", error: { code: "CAPTURE_FAILED" } });
  t.match(report.findings.run, { complete: false, incomplete: [/no capture of that name runs/] });
  t.match(readFileSync(join(report.dir, "transcript.jsonl"), "utf8"), /"type":"error".*CAPTURE_FAILED/);
});

t.test("a step that may fail leaves evidence that is incomplete", async (t) => {
  const steps = `[{id: s, uses: capture/stop, continueOnError: true, with: {capture: none}}, ${WAIT.slice(1)}`;
  const report = await runRunbook(setUp(t, runbookOf(steps)));
  t.equal(report.exitCode, 6);
  t.equal(report.outcome.error, null);
});

t.test("an interruption before anything is followed is exit 130, reported and whole", async (t) => {
  const options = setUp(t, runbookOf("[{id: w, uses: time/wait, with: {duration: 1h}}]"));
  const running = runRunbook({
    ...options,
    onEvent: (event) => {
      if (event.type === "stepStarted") options.abort.abort(new Error("SIGINT"));
    },
  });
  const report = await running;
  t.equal(report.exitCode, 130);
  t.equal(report.outcome.status, "interrupted");
  t.ok(existsSync(join(report.dir, "report.html")));
  t.strictSame(await verifyManifest(report.dir), { changed: [], missing: [], unlisted: [] });
});

t.test("an interruption at the prompt is one, and no refusal", async (t) => {
  const options = setUp(t, runbookOf(WAIT));
  const confirm = (): Promise<boolean> => {
    options.abort.abort(new Error("SIGINT"));
    return Promise.resolve(false);
  };
  await t.rejects(runRunbook({ ...options, grants: {}, confirm }), { code: "INTERRUPTED" });
  await t.rejects(planRunbook({ ...options, grants: {}, confirm }), { code: "INTERRUPTED" });
  t.notOk(existsSync(options.out));
});

t.test(
  "planning leaves nothing, asks for nothing that it does not do, and gives the same digest again",
  async (t) => {
    const options = setUp(t, runbookOf(WAIT));
    const runId = "0123456789ab";
    const plan = await planRunbook({ ...options, runId, grants: { allowNode: "me" } });
    t.match(plan, { kind: "Plan", cluster: "here", steps: [{ id: "w", commands: [] }] });
    const again = await planRunbook({ ...options, runId, grants: { allowNode: true } });
    t.equal(again.digest, plan.digest);
    t.notOk(existsSync(options.out));
    t.equal(plan.complete, true);
    t.strictSame([plan.inputs["token"], plan.inputs["from"]], ["[secret]", "shop/client"]);
    t.notMatch(JSON.stringify(plan), /hunter2/);
    t.not((await planRunbook({ ...options, grants: { allowNode: true } })).run.id, runId);
  },
);

t.test("a plan whose reading was refused has what needs no node, and says how to see the rest", async (t) => {
  const options = setUp(t, runbookOf(WAIT));
  const asked = { complete: false, missingFlags: ["--allow-node=me"], steps: [{ id: "w", commands: [] }] };
  t.match(await planRunbook({ ...options, grants: {} }), asked);
  const confirm = (): Promise<boolean> => Promise.resolve(false);
  t.match(await planRunbook({ ...options, grants: {}, confirm }), { complete: false });
  t.strictSame(options.events, [], "no node was logged in to");
});

t.test("everything that can be wrong beforehand is said before a folder is made", async (t) => {
  const options = setUp(t, runbookOf(WAIT));
  const wrong: [Partial<RunOptions>, string][] = [
    [{ runbook: "no-such-runbook" }, "RUNBOOK_NOT_FOUND"],
    [{ inputs: { frm: "x" } }, "INPUT_INVALID"],
    [{ cluster: "no-such-cluster" }, "CLUSTER_NOT_FOUND"],
    [{ cluster: options.runbook }, "DOCUMENT_INVALID"],
    [{ grants: {} }, "PERMISSION_DENIED"],
    [{ out: options.runbook }, "ARTIFACTS_UNWRITABLE"],
  ];
  for (const [change, code] of wrong) await t.rejects(runRunbook({ ...options, ...change }), { code });
  t.notOk(existsSync(options.out));
  t.strictSame(options.events, []);
});
