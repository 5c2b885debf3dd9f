import { dirname } from "node:path";
import { invalid, type Problem } from "../document/index.js";
import { HopbookError } from "../errors.js";
import { formatDuration } from "../model/units.js";
import { declared, effective, grantAll, parseGrant, visible, type Policy } from "../permissions/index.js";
import type { Runbook } from "../runbook/index.js";
import { findOutlasting } from "./foresee-capture.js";
import { foresee, type ForeseenStep } from "./foresee.js";
import { findRefusals, hintOf, refuseImpossible } from "./impossible.js";

/** All that is declared and nothing else: whoever runs it cannot grant more. */
function declaredPolicy({ permissions, document }: Runbook): Policy {
  return effective(
    declared(permissions, dirname(document.file)),
    grantAll(parseGrant({}), "whoever runs it"),
  );
}

/**
 * Throws where a run would surely fail, whoever grants what: PERMISSION_DENIED for what the runbook does not declare or
 * no permission covers, INPUT_INVALID for a wait that is longer than what it waits in. A plan is held to it as a run is.
 */
export function refuseKnownFaults(runbook: Runbook, inputs: Readonly<Record<string, unknown>>): void {
  const steps = foresee(runbook, inputs);
  refuseImpossible(steps, { policy: declaredPolicy(runbook), name: runbook.metadata.name });
  refuseOutlasting(steps);
}

/** Throws INPUT_INVALID where captures would be over before what they are there for. */
export function refuseOutlasting(steps: readonly ForeseenStep[]): void {
  const found = findOutlasting(steps);
  if (found === null) return;
  throw new HopbookError("INPUT_INVALID", `Cannot run ${visible(found.step.id)}: ${describe(found)}`, {
    hint: `Take at most ${formatDuration(found.maxMs)}; captures that go on without you are made by --detach --for TIME`,
  });
}

/** Throws DOCUMENT_INVALID for what of it stands in the file, whatever its inputs will be. */
export function checkKnownFaults(runbook: Runbook): void {
  const steps = foresee(runbook, {});
  const refusals = findRefusals(steps, declaredPolicy(runbook)).map((refusal): Problem => ({
    path: refusal.step.path,
    message: `it would be refused: ${refusal.verdict.reason}`,
    suggestion: hintOf(refusal),
    rule: "refused-step",
  }));
  const found = findOutlasting(steps);
  const outlasting: Problem[] =
    found === null ? [] : [{ path: found.step.path, message: describe(found), rule: "refused-step" }];
  const problems = [...refusals, ...outlasting];
  if (problems.length > 0) throw invalid(runbook.document, problems);
}

function describe({ needMs, maxMs, by }: NonNullable<ReturnType<typeof findOutlasting>>): string {
  return `it goes on for ${formatDuration(needMs)}, and ${visible(by)} after ${formatDuration(maxMs)}`;
}
