import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describeError, type RunFolder } from "../artifacts/index.js";
import type { RunOutcome } from "../engine/engine.js";
import { asHopbookError, EXIT, HopbookError, type ErrorCode } from "../errors.js";
import type { SealedPlan } from "../plan/seal.js";
import { listSecrets } from "../runbook/index.js";
import { judgeRun, judgeWithoutFlows } from "./analyze.js";
import type { Recorder } from "./authority.js";
import { exitCodeOfRun } from "./exit-code.js";
import { interrupted } from "./interruption.js";
import { maskingOf } from "./masking.js";
import type { RunReport, SharedOptions } from "./options.js";
import { frame } from "./plan-frame.js";
import type { Prepared } from "./prepare.js";
import { writeReports } from "./report.js";
import { withEngine } from "./with-engine.js";
import type { World } from "./world.js";

export interface Execution {
  readonly id: string;
  readonly startedAt: Date;
  readonly folder: RunFolder;
  readonly world: World;
  readonly options: Pick<SharedOptions, "signal" | "onEvent" | "onPods" | "cwd" | "cluster"> & {
    readonly runbook: string;
  };
  /** Throws where the plan is not the one that was agreed to. */
  readonly agree?: (plan: SealedPlan) => void;
  /** Nothing of the folder stays. */
  readonly isTemporary?: boolean;
  /** When nothing more will come from the nodes. */
  readonly onLastAnswer?: () => void;
}

/** What is wrong before anything of the nodes was looked at in earnest: then there is no evidence to keep. */
const WITHOUT_EVIDENCE: readonly ErrorCode[] = ["TARGET_NOT_FOUND", "TARGET_AMBIGUOUS", "PLAN_DRIFT"];

/** Plans, runs, judges and reports in a folder. */
export async function execute(prepared: Prepared, execution: Execution): Promise<RunReport> {
  const { id, startedAt, folder, world, options } = execution;
  const { runbook } = prepared;
  const record: Recorder = (entry) => folder.appendTranscript(entry);
  folder.redact(listSecrets(runbook, prepared.inputs));
  await folder.writeText("runbook.yaml", runbook.document.text);
  await folder.writeJson("inputs.json", prepared.inputs);
  for (const decision of prepared.authority.decisions) record(decision);

  let outcome: RunOutcome;
  try {
    const ended = await withEngine(prepared, { options, world, sink: folder, record, id }, async (engine) => {
      const plan = await frame(await engine.plan(), prepared, { ...options, id });
      await folder.writeJson("plan.json", plan);
      execution.agree?.(plan);
      return engine.run();
    });
    outcome = maskingOf(prepared).outcome(ended);
  } catch (error) {
    const known = asHopbookError(options.signal.aborted ? interrupted(error) : error);
    execution.onLastAnswer?.();
    throw execution.isTemporary === true ? known : await leaveFolder(folder, known, record);
  }
  execution.onLastAnswer?.();
  if (outcome.error !== null) record(describeError(asHopbookError(outcome.error), new Date()));
  const run = {
    id,
    runbook: runbook.metadata.name,
    startedAt: startedAt.toISOString(),
    finishedAt: new Date().toISOString(),
    cluster: prepared.profile.name,
    complete: outcome.incomplete.length === 0,
    incomplete: outcome.incomplete,
  };
  await folder.writeJson("evidence/run.json", run);
  // A run that ended before it followed anything, or never meant to, has no flows to judge.
  const findings = existsSync(join(folder.dir, "evidence/flows.json"))
    ? await judgeRun(folder.dir, runbook)
    : judgeWithoutFlows(folder.dir, { record: run, runbook });
  await writeReports(folder, findings);
  await folder.finish();
  // An interrupt after the last step, while the verdict is made, finds all evidence there, and is one all the same.
  const exitCode = options.signal.aborted ? EXIT.interrupted : exitCodeOfRun(outcome, findings);
  return { dir: folder.dir, findings, outcome, exitCode };
}

/** A run that did not begin: a mistyped name leaves no folder, everything else what was read so far. */
async function leaveFolder(folder: RunFolder, error: HopbookError, record: Recorder): Promise<HopbookError> {
  if (WITHOUT_EVIDENCE.includes(error.code)) {
    await rm(folder.dir, { recursive: true, force: true });
    return error;
  }
  record(describeError(error, new Date()));
  await folder.finish();
  const { where, hint, cause } = error;
  const detail = [error.detail, `what was read so far: ${folder.dir}`]
    .filter((text) => text !== undefined)
    .join("\n");
  return new HopbookError(error.code, error.message, { where, hint, detail, cause });
}
