import t, { type Test } from "tap";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Findings } from "../../lib/model/findings.js";
import type { CliRun } from "./cli.js";
import { mostMs } from "../fixtures/patience.js";
import { findOwnProcesses, takeSnapshot, waitUntilClean } from "./hygiene.js";
import { bringUp, LEASE_MS, reach, STAGES, type Stage, type Started } from "./stages.js";

/**
 * A run that is interrupted, at each of its stages: nothing stays on a node, and what was captured stays here, as partial
 * evidence.
 */

/** For what is ended in good order, on a busy machine: far less than what a lease takes. */
const SOON_MS = 15_000;

const runFolders = (outDir: string): string[] => (existsSync(outDir) ? readdirSync(outDir) : []);

function judgeFolder(t: Test, outDir: string, stage: Stage): void {
  const [run] = runFolders(outDir);
  t.ok(run, "the run's folder is there");
  const dir = join(outDir, run ?? "");
  const manifest = JSON.parse(readFileSync(join(dir, "manifest.json"), "utf8")) as { files: unknown[] };
  t.ok(manifest.files.length > 0, "its manifest lists files");
  t.ok(existsSync(join(dir, "transcript.jsonl")), "and there is a transcript");
  const findingsFile = join(dir, "findings.json");
  t.equal(existsSync(findingsFile) || !stage.captured, true, "findings where anything was captured");
  if (!existsSync(findingsFile)) return;
  const { run: about } = JSON.parse(readFileSync(findingsFile, "utf8")) as Findings;
  t.equal(about.complete, false, "what was captured is said to be incomplete");
  t.ok(about.incomplete.length > 0, about.incomplete.join("; "));
}

function judgeEnd(t: Test, ended: CliRun, of: { readonly started: Started; readonly stage: Stage }): void {
  const { started, stage } = of;
  t.equal(ended.exitCode, 130, `exit code; ${ended.stderr}`);
  t.notMatch(ended.stderr, /error\[INTERNAL\]/, "no defect is told");
  judgeFolder(t, started.outDir, stage);
  t.strictSame(readdirSync(started.tmp), [], "no temporary folder of the client's");
  t.strictSame(findOwnProcesses(started.tmp), [], "no ssh of the client's");
}

t.test("an interrupt, at each stage", async (t) => {
  const lab = await bringUp("sig");
  const before = takeSnapshot(lab);
  for (const [index, stage] of STAGES.entries()) {
    const signal = stage.name === "stopping" ? "SIGTERM" : index === 4 ? "SIGHUP" : "SIGINT";
    await t.test(`${signal} while ${stage.name}`, async (t) => {
      const started = await reach(stage, lab);
      const sentMs = performance.now();
      started.cli.child.kill(signal);
      await started.restore();
      const ended = await started.cli.done;
      const tookMs = performance.now() - sentMs;
      judgeEnd(t, ended, { started, stage });
      t.ok(tookMs < mostMs(15_000), `it took ${Math.round(tookMs)} ms`);
      const { left, afterMs } = await waitUntilClean(before, lab, {
        withinMs: SOON_MS,
        outDir: started.outDir,
      });
      t.strictSame(left, [], `nothing is left on the nodes (${afterMs} ms after it)`);
    });
  }

  await t.test("while the verdict is made", async (t) => {
    const stage: Stage = { name: "analysing", line: "Read the nodes' state", captured: true };
    const started = await reach(stage, lab);
    started.cli.child.kill("SIGINT");
    const { exitCode } = await started.cli.done;
    t.equal(exitCode, 130);
    t.ok(existsSync(join(started.outDir, runFolders(started.outDir)[0] ?? "", "manifest.json")));
    t.strictSame((await waitUntilClean(before, lab, { withinMs: SOON_MS })).left, []);
  });

  await t.test("a second one forces", async (t) => {
    const stage: Stage = {
      name: "pulling",
      held: { tool: "cat", when: "*.pcap" },
      line: "Make traffic",
      process: "cat -- /var/tmp",
      captured: true,
    };
    const started = await reach(stage, lab);
    started.cli.child.kill("SIGINT");
    await started.cli.said("again to force");
    const sentMs = performance.now();
    started.cli.child.kill("SIGINT");
    const { exitCode } = await started.cli.done;
    t.equal(exitCode, 130);
    t.ok(performance.now() - sentMs < mostMs(4000), "at once, and not when the pull has ended");
    await started.restore();
    const { left, afterMs } = await waitUntilClean(before, lab, {
      withinMs: LEASE_MS,
      outDir: started.outDir,
    });
    t.strictSame(left, [], `and the nodes are clean, ${afterMs} ms later`);
  });
});
