import t from "tap";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { replayRun } from "../../lib/replay/replay.js";
import { renderText } from "../../lib/report/index.js";
import { readPack, unpackRun } from "../fixtures/runs/pack.js";
import { shortenSession } from "../fixtures/runs/session.js";

/**
 * Each playbook's run in the lab again, from its recording: the same findings, the same exit code, and what its page shows.
 * Where what hopbook asks of nodes has changed, or a report's words, bin/example-runs.sh makes them anew.
 */

const RUNBOOKS = fileURLToPath(new URL("../../runbooks/", import.meta.url));
const RUNS = readPack();
// Else the machine's own temporary folder fills where a run is broken off.
process.env["TMPDIR"] = t.testdir({});

t.test("every playbook has a recorded run", (t) => {
  const names = readdirSync(RUNBOOKS).flatMap((file) => /^(.+)\.yaml$/.exec(file)?.[1] ?? []);
  t.strictSame(Object.keys(RUNS).sort(), names.sort());
  t.end();
});

for (const [name, run] of Object.entries(RUNS)) {
  t.test(name, async (t) => {
    const dir = t.testdir({});
    unpackRun(run, dir);
    const { findings, exitCode, same } = await replayRun({
      ...{ dir, cwd: dir, runbook: name, grants: { yes: true } },
      ...{ signal: new AbortController().signal, onEvent: () => undefined },
    });
    t.equal(same, true, "byte for byte");
    t.equal(exitCode, run.exitCode);
    const text = renderText(findings, { color: false, unicode: true, width: 100 });
    const shown = shortenSession(text).replaceAll(/ --cluster \S+/g, "");
    const [, ...page] = readFileSync(join(RUNBOOKS, "sessions", `${name}.txt`), "utf8").split("\n\n");
    t.equal(shown, page.join("\n\n"), "its page");
  });
}
