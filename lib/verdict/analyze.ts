import { join } from "node:path";
import { findCause } from "../analysis/cause/index.js";
import { analyzeRun, followFlows, loadRunRecord, locateBreaks, readRunText } from "../analysis/index.js";
import { existsSync } from "node:fs";
import { lstat } from "node:fs/promises";
import { requireRunFolder } from "../artifacts/index.js";
import { ENVIRONMENT_FILE } from "../engine/engine.js";
import { HopbookError } from "../errors.js";
import type { RunRecord } from "../model/evidence.js";
import type { Findings, FlowFinding } from "../model/findings.js";
import type { BreakLocation } from "../model/steps.js";
import { evaluateChecks, loadRunbook, type ExpressionEnv, type Runbook } from "../runbook/index.js";
import { auditRun } from "./audit-flow.js";
import { readAccessFindings } from "./access-evidence.js";
import { readMarks, readPrinted } from "./step-evidence.js";
import { EXAMPLE_RUN_DIR, RECIPE_DIR } from "../catalogue/places.js";
import { loadNextSteps, type NextSteps } from "../catalogue/next-steps.js";
import { addNextSteps, addStepsOfChecks } from "./next-steps.js";
import { loadNamings } from "../cluster/index.js";

/** Where the evidence of a run that is still going on says that its flows break. */
export function findBreaks(dir: string): Promise<readonly BreakLocation[]> {
  return locateBreaks(dir);
}

/** The same with all that findings tell of the flows, but for causes. */
export function findFlows(dir: string): Promise<readonly FlowFinding[]> {
  return followFlows(dir);
}

/** Findings of a run folder with the runbook's checks. */
export async function judgeRun(dir: string, runbook: Runbook | null): Promise<Findings> {
  const followed = await analyzeRun(dir, {
    ...{ findCause, audit: auditRun },
    namings: await loadNamings([RECIPE_DIR]),
  });
  const steps = await loadNextSteps();
  const findings = withOwn(addNextSteps(followed, steps), dir);
  return runbook === null ? findings : withChecks(findings, { runbook, steps, env: readEnvironment(dir) });
}

/** Findings of a run that followed no flow: what is incomplete, and the runbook's checks. */
export async function judgeWithoutFlows(
  dir: string,
  { record, runbook }: { readonly record: RunRecord; readonly runbook: Runbook },
): Promise<Findings> {
  const { id, startedAt, complete, incomplete } = record;
  const run = { id, runbook: record.runbook, startedAt, complete, incomplete };
  const findings = { apiVersion: "hopbook.dev/v1", kind: "Findings", run, flows: [], checks: [] } as const;
  const steps = await loadNextSteps();
  return withChecks(withOwn(findings, dir), { runbook, steps, env: readEnvironment(dir) });
}

/** What the run says of itself, beside its flows. */
function withOwn(findings: Findings, dir: string): Findings {
  const access = readAccessFindings(dir);
  const marks = readMarks(dir);
  const printed = readPrinted(dir);
  return {
    ...findings,
    ...(access.length > 0 && { access }),
    ...(marks.length > 0 && { marks }),
    ...(printed.length > 0 && { printed }),
  };
}

interface Checking {
  readonly runbook: Runbook;
  readonly steps: NextSteps;
  readonly env: ExpressionEnv;
}

function withChecks(findings: Findings, { runbook, steps, env }: Checking): Findings {
  const checks = evaluateChecks(runbook, { ...env, findings: { ...findings } });
  const inputs = (env["inputs"] ?? {}) as Readonly<Record<string, unknown>>;
  return { ...findings, checks: addStepsOfChecks(checks, steps, inputs) };
}

/** What the run's expressions saw after the last step; nothing where it ended before, or is of an older hopbook. */
function readEnvironment(dir: string): ExpressionEnv {
  try {
    const saw = JSON.parse(readRunText(dir, ENVIRONMENT_FILE) ?? "{}") as Record<string, unknown>;
    return Object.fromEntries(["inputs", "steps", "cluster", "run"].map((root) => [root, saw[root] ?? {}]));
  } catch {
    return {};
  }
}

/** The verdict again, from the folder alone: with the runbook that the folder keeps. */
export async function analyzeRunFolder(dir: string): Promise<Findings> {
  const file = join(dir, "runbook.yaml");
  await requireRunFolder(dir);
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
  const runbook = await loadRunbook(file);
  // A run that captured nothing has neither; where one is missing the evidence is damaged.
  const files = ["flows.json", "captures.json"].map((name) => join(dir, "evidence", name));
  if (!files.some((name) => existsSync(name)) && existsSync(join(dir, ENVIRONMENT_FILE))) {
    return judgeWithoutFlows(dir, { record: loadRunRecord(dir), runbook });
  }
  return judgeRun(dir, runbook);
}

/** The recorded runs that come with hopbook: a healthy one, and one with a drop on the far node. */
export async function analyzeExamples(): Promise<{ healthy: Findings; broken: Findings }> {
  return {
    healthy: await analyzeRunFolder(join(EXAMPLE_RUN_DIR, "healthy")),
    broken: await analyzeRunFolder(join(EXAMPLE_RUN_DIR, "policy-drop")),
  };
}
