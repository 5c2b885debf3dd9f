import type { Snapshot } from "../engine/engine.js";
import { HopbookError } from "../errors.js";
import { fitsAction } from "../permissions/index.js";
import type { Runbook, RunbookStep } from "../runbook/index.js";
import { CAPTURE_ACTIONS } from "../steps/capture-session.js";
import { STEP_KINDS } from "../steps/registry.js";

const ENDS_CAPTURES = "capture/stop";
const NEVER = "${{ false }}";

/**
 * Of a run whose plan this user did not agree to: its captures are ended and brought, and nothing else of it runs. Who
 * is root on one node could have another one's files read otherwise, by a plan that only that node kept.
 */
export function capturesOnly(runbook: Runbook): Runbook {
  const steps = runbook.steps.map((step) =>
    isCapture(step)
      ? { ...step, if: undefined, needs: [], strategy: null }
      : { ...step, if: NEVER, needs: [], strategy: null },
  );
  if (!steps.some(({ uses }) => uses === ENDS_CAPTURES || uses === "capture/watch")) {
    throw new HopbookError("EVIDENCE_INVALID", "Cannot collect: what the node kept ends no captures", {
      hint: "Collect it on the machine that started it",
    });
  }
  return { ...runbook, steps, finally: [], permissions: capturePermissions(runbook) };
}

/** The same of what the engine is told to take up. */
export function capturesOfSnapshot(snapshot: Snapshot, runbook: Runbook): Snapshot {
  const captures = new Set(runbook.steps.filter(isCapture).map(({ id }) => id));
  const others = runbook.steps.filter(({ id }) => !captures.has(id));
  const ended = Object.fromEntries(others.map(({ id }) => [id, snapshot.ended[id] ?? "skipped"]));
  const own = (record: Snapshot["plans"]): Snapshot["plans"] =>
    Object.fromEntries(Object.entries(record).filter(([name]) => captures.has(name)));
  return {
    ...snapshot,
    ended: { ...snapshot.ended, ...ended },
    plans: own(snapshot.plans),
    again: snapshot.again.filter((id) => captures.has(id)),
  };
}

function isCapture({ uses }: RunbookStep): boolean {
  return uses === ENDS_CAPTURES || STEP_KINDS.get(uses)?.detach === "twice";
}

function capturePermissions({ permissions: { node, exec, capture } }: Runbook): Runbook["permissions"] {
  const actions = CAPTURE_ACTIONS.filter((action) => exec?.some((pattern) => fitsAction(pattern, action)));
  return {
    ...(node === undefined ? {} : { node }),
    exec: actions,
    ...(capture === undefined ? {} : { capture }),
  };
}
