import type { RunbookStep } from "../runbook/index.js";
import { titleOf, type Core } from "./core.js";
import type { StepPlace, StepStatus } from "./state.js";

type Named = { readonly step: string; readonly kind: string; readonly combination?: string };

function named(step: RunbookStep, { combination }: StepPlace): Named {
  return { step: step.id, kind: step.uses, ...(combination === null ? {} : { combination }) };
}

function titled(core: Core, step: RunbookStep, { combination }: StepPlace): string {
  const title = titleOf(core, step);
  return combination === null ? title : `${title} [${combination}]`;
}

export function emitStarted(core: Core, step: RunbookStep, place: StepPlace): void {
  core.host.onEvent({ type: "stepStarted", ...named(step, place), title: titled(core, step, place) });
}

export function emitEnded(
  core: Core,
  step: RunbookStep,
  end: { readonly place: StepPlace; readonly status: StepStatus; readonly startedMs: number },
): void {
  const { place, status, startedMs } = end;
  const message = titled(core, step, place);
  const durationMs = Date.now() - startedMs;
  core.host.onEvent({ type: "stepEnded", ...named(step, place), status, durationMs, message });
}

export function emitSkipped(
  core: Core,
  step: RunbookStep,
  { place, reason }: { readonly place: StepPlace; readonly reason: string },
): void {
  const label = place.combination === null ? "" : ` [${place.combination}]`;
  const message = `${step.name ?? step.id}${label}: skipped, ${reason}`;
  core.host.onEvent({ type: "stepEnded", ...named(step, place), status: "skipped", durationMs: 0, message });
}
