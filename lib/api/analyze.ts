import { join } from "node:path";
import { findCause } from "../analysis/cause/index.js";
import { analyzePcaps, analyzeRun, locateBreaks } from "../analysis/index.js";
import { lstat } from "node:fs/promises";
import { HopbookError } from "../errors.js";
import type { RunRecord } from "../model/evidence.js";
import type { Findings } from "../model/findings.js";
import type { BreakLocation } from "../model/steps.js";
import { evaluateChecks, loadRunbook, type Runbook } from "../runbook/index.js";
import { EXAMPLE_RUN_DIR } from "./places.js";

/** Where the evidence of a run that is still going on says that its flows break. */
export function findBreaks(dir: string): Promise<readonly BreakLocation[]> {
  return locateBreaks(dir);
}

/** Findings of a run folder with the runbook's checks. */
export async function judgeRun(dir: string, runbook: Runbook | null): Promise<Findings> {
  const findings = await analyzeRun(dir, { findCause });
  return runbook === null ? findings : withChecks(findings, runbook);
}

/** Findings of a run that followed no flow: what is incomplete, and the runbook's checks. */
export function judgeWithoutFlows(record: RunRecord, runbook: Runbook): Findings {
  const { id, startedAt, complete, incomplete } = record;
  const run = { id, runbook: record.runbook, startedAt, complete, incomplete };
  const findings = { apiVersion: "hopbook.dev/v1", kind: "Findings", run, flows: [], checks: [] } as const;
  return withChecks(findings, runbook);
}

function withChecks(findings: Findings, runbook: Runbook): Findings {
  return { ...findings, checks: evaluateChecks(runbook, { findings: { ...findings } }) };
}

/** The verdict again, from the folder alone: with the runbook that the folder keeps. */
export async function analyzeRunFolder(dir: string): Promise<Findings> {
  const file = join(dir, "runbook.yaml");
  try {
    if (!(await lstat(file)).isFile()) throw new Error("it is not a regular file");
  } catch (error) {
    throw new HopbookError(
      "EVIDENCE_INVALID",
      `Cannot analyze ${dir}: it is no run folder, it has no runbook.yaml`,
      {
        hint: "Name a folder that hopbook run made, or capture files in the order of the path",
        cause: error,
      },
    );
  }
  return judgeRun(dir, await loadRunbook(file));
}

/** Captures of one path, in the order that packets pass them. */
export function analyzePcapFiles(files: readonly string[]): Promise<Findings> {
  return analyzePcaps(files);
}

/** The recorded runs that come with hopbook: a healthy one, and one with a drop on the far node. */
export async function analyzeExamples(): Promise<{ healthy: Findings; broken: Findings }> {
  return {
    healthy: await analyzeRunFolder(join(EXAMPLE_RUN_DIR, "healthy")),
    broken: await analyzeRunFolder(join(EXAMPLE_RUN_DIR, "policy-drop")),
  };
}
