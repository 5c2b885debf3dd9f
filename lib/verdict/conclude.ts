import { existsSync } from "node:fs";
import { join } from "node:path";
import { describeError, type RunFolder } from "../artifacts/index.js";
import type { RunOutcome } from "../engine/engine.js";
import { asHopbookError, EXIT } from "../errors.js";
import { judgeRun, judgeWithoutFlows } from "./analyze.js";
import { registerClocks } from "./clock-offsets.js";
import { exitCodeOfRun } from "./exit-code.js";
import type { RunRecord } from "../model/evidence.js";
import type { RunReport } from "../session/options.js";
import type { RunbookSession } from "../session/runbook-session.js";
import { writeReports } from "./report.js";

interface Conclusion {
  readonly startedAt: Date;
  readonly folder: RunFolder;
  readonly outcome: RunOutcome;
}

/** Judges a run that has ended, reports it, and closes its folder. */
export async function conclude(session: RunbookSession, conclusion: Conclusion): Promise<RunReport> {
  const { startedAt, folder, outcome } = conclusion;
  const { id, runbook, signal } = session;
  if (outcome.error !== null)
    folder.appendTranscript(describeError(asHopbookError(outcome.error), new Date()));
  const run = {
    id,
    runbook: runbook.metadata.name,
    startedAt: startedAt.toISOString(),
    finishedAt: new Date().toISOString(),
    cluster: session.profile.name,
    ...describeWay(session, folder),
    complete: outcome.incomplete.length === 0,
    incomplete: outcome.incomplete,
  };
  await folder.writeJson("evidence/run.json", run);
  // A run that ended before it followed anything, or never meant to, has no flows to judge.
  const findings = existsSync(join(folder.dir, "evidence/flows.json"))
    ? await judgeRun(folder.dir, runbook)
    : await judgeWithoutFlows(folder.dir, { record: run, runbook });
  await writeReports(folder, findings, run);
  await registerClocks(folder);
  await folder.finish();
  // An interrupt after the last step, while the verdict is made, finds all evidence there, and is one all the same.
  const exitCode = signal.aborted ? EXIT.interrupted : exitCodeOfRun(outcome, findings);
  return { dir: folder.dir, findings, outcome, exitCode };
}

/** By what the cluster was named, and by which words the run was started; without what is secret. */
function describeWay(
  { profile, command }: RunbookSession,
  folder: RunFolder,
): Pick<RunRecord, "profile" | "command"> {
  const named =
    profile.file ?? (profile.kube?.context === undefined ? undefined : `context ${profile.kube.context}`);
  return {
    ...(named === undefined ? {} : { profile: named }),
    ...(command === undefined ? {} : { command: command.map((word) => folder.redactText(word)) }),
  };
}
