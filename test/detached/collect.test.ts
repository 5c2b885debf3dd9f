import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { NOTHING_DONE } from "../fixtures/left-run.js";
import { RECIPE_DIR, RUNBOOK_DIR } from "../../lib/catalogue/places.js";
import { nameByFolder } from "../../lib/detached/folder.js";
import { prepareDetached } from "../../lib/detached/collect.js";

const CLUSTER = {
  ...{ apiVersion: "hopbook.dev/v1", kind: "ClusterProfile", metadata: { name: "x" } },
  nodes: [{ name: "node-a", access: { via: "local" } }],
};

t.test("a run is collected with the hop recipes of its cluster, as it was started", async (t) => {
  const about = { run: "0123456789ab", runbook: "trace-path", target: "x", cluster: "x", owner: "x@y" };
  const time = "2026-01-01T00:00:00Z";
  const file = {
    ...{ apiVersion: "hopbook.dev/v1", kind: "DetachedRun", about, durationMs: null, keepMs: 1, nodes: [] },
    ...{ startedAt: time, until: time, expires: time, folder: "x", snapshot: NOTHING_DONE },
  };
  const cwd = t.testdir({
    "cluster.yaml": JSON.stringify(CLUSTER),
    cni: {},
    runs: {
      x: {
        "detached.json": JSON.stringify(file),
        "inputs.json": "{}",
        "runbook.yaml": readFileSync(join(RUNBOOK_DIR, "trace-path.yaml"), "utf8"),
      },
    },
  });
  const options = {
    ...{ cwd, cluster: join(cwd, "cluster.yaml"), grants: { yes: true } },
    ...{ signal: new AbortController().signal, onEvent: () => undefined },
  };
  // By its id, or by its folder wherever that is.
  for (const named of [
    { run: "0123", out: join(cwd, "runs") },
    { run: "runs/x", out: "artifacts" },
  ]) {
    const { session } = await prepareDetached({ ...options, ...named });
    t.strictSame(session.recipeDirs, [RECIPE_DIR, join(cwd, "cni")]);
    t.equal(session.id, about.run);
  }
});

t.test("a run that is named by its folder", async (t) => {
  const cwd = t.testdir({
    attended: { "manifest.json": JSON.stringify({ run: { id: "0123456789ab" } }) },
    broken: { "manifest.json": "{" },
    empty: {},
  });
  const name = (run: string) => nameByFolder({ run, out: "artifacts", cwd });
  t.strictSame(await name("attended"), { run: "0123456789ab", out: cwd, cwd });
  for (const run of ["broken", "empty", "none", "0123"])
    t.strictSame(await name(run), { run, out: "artifacts", cwd });
});
