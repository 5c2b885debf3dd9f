import { HopbookError } from "../../errors.js";
import type { StepContext } from "../../model/steps.js";
import { formatDuration } from "../../model/units.js";
import { HeldCaptures } from "./held-captures.js";
import { addMark } from "./marks.js";

/** The captures of that name. Throws CAPTURE_FAILED where none run. */
export function heldCaptures(name: string, context: StepContext): HeldCaptures {
  const captures = context.held(name);
  // A step may hold something else under the name that it is given.
  if (captures instanceof HeldCaptures) return captures;
  throw new HopbookError("CAPTURE_FAILED", `Cannot use ${name}: no capture of that name runs`);
}

/**
 * Keeps what the rings hold; says when, why and how fast. `sinceMs`: when what it is for happened. Rejects with CAPTURE_FAILED
 * where no ring is kept so often.
 */
export async function freezeCaptures(
  { capture, lastMs }: { readonly capture: string; readonly lastMs: number | null },
  cause: { readonly why: string; readonly sinceMs: number },
  context: StepContext,
): Promise<{ readonly at: string; readonly tookMs: number }> {
  const held = heldCaptures(capture, context);
  if (held.freezesLeft <= 0) {
    throw new HopbookError("CAPTURE_FAILED", "Cannot keep what the rings hold: no more room was asked for", {
      hint: "Give the capture a ring, and freezes: how often it may be kept",
    });
  }
  held.freezesLeft -= 1;
  const silent = await held.freeze(lastMs === null ? null : lastMs / 1000);
  const nowMs = context.clock.nowMs();
  const tookMs = nowMs - cause.sinceMs;
  const at = new Date(nowMs).toISOString();
  const span = lastMs === null ? "" : `the last ${formatDuration(lastMs)} of `;
  const text = `${span}the rings are kept: ${cause.why}`;
  for (const node of silent) context.markIncomplete(`${node} did not confirm that its rings are kept`);
  await addMark({ kind: "freeze", at, text, tookMs }, context);
  context.note("info", `${at}: ${text} (after ${formatDuration(tookMs)})`);
  return { at, tookMs };
}

/** Throws USAGE where a run goes on without the client that would have to do something meanwhile. */
export function refuseDetached({ detach }: Pick<StepContext, "detach">, what: string): void {
  if (detach === undefined) return;
  throw new HopbookError("USAGE", `Cannot detach: ${what} needs its client`, {
    hint: "Run it attached, in tmux or with nohup",
  });
}
