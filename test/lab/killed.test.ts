import t from "tap";
import { execInNode } from "../../lib/lab/index.js";
import { mostMs } from "../fixtures/patience.js";
import { LISTENING } from "./cli.js";
import { findOwnProcesses, listLeft, takeSnapshot, waitUntilClean } from "./hygiene.js";
import { bringUp, LEASE_MS, reach, STAGES, work, type Stage } from "./stages.js";

/** A client that is killed or stands still, at each stage of a run: nothing stays on a node when its lease is over. */

t.test("a client that is killed or stands still", async (t) => {
  const lab = await bringUp("kill");
  const before = takeSnapshot(lab);
  const folders: { stage: string; outDir: string }[] = [];
  for (const stage of STAGES) {
    const started = await reach(stage, lab);
    started.cli.child.kill("SIGKILL");
    await started.cli.done;
    await started.restore();
    folders.push({ stage: stage.name, outDir: started.outDir });
  }
  const killedMs = performance.now();
  const left = (): string[] => listLeft(before, lab);
  t.comment(`right after the last kill: ${left().length} things are left`);

  const still = await bringUp("still");
  const stillBefore = takeSnapshot(still);
  const stage: Stage = {
    name: "capturing",
    line: LISTENING,
    args: ["--no-traffic", "--watch", "25s"],
    captured: true,
  };
  const started = await reach(stage, still);
  started.cli.child.kill("SIGSTOP");
  t.ok(listLeft(stillBefore, still).length > 0, "captures run while the client stands still");
  const frozen = await waitUntilClean(stillBefore, still, {
    withinMs: mostMs(LEASE_MS),
    outDir: started.outDir,
  });
  t.strictSame(
    frozen.left.filter((line) => !/nsenter/.test(line)),
    [],
    `the lease ended them after ${frozen.afterMs} ms`,
  );
  started.cli.child.kill("SIGCONT");
  const ended = await started.cli.done;
  t.ok(
    [3, 6].includes(ended.exitCode ?? -1),
    `the client says so when it goes on: ${ended.exitCode} ${ended.stderr}`,
  );
  t.match(ended.stderr, /lease/, "and why");

  const withinMs = Math.max(0, killedMs + mostMs(LEASE_MS) - performance.now());
  const killed = await waitUntilClean(before, lab, { withinMs });
  t.strictSame(killed.left, [], "nothing runs and no file is left after the lease");
  for (const { stage: name, outDir } of folders) {
    const { left: instances } = await waitUntilClean(takeSnapshot(lab), lab, { withinMs: 0, outDir });
    t.strictSame(instances, [], `no trace instance of the run killed while ${name}`);
  }
  t.strictSame(findOwnProcesses(work), [], "no ssh master of a killed client");
  const answer = await execInNode(lab, "node-a", ["true"]);
  t.equal(answer.exitCode, 0, "the node itself is well");
});
