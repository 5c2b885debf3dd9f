import { HopbookError } from "../errors.js";
import { systemClock, type Clock } from "../model/clock.js";
import type { StepKind } from "../model/steps.js";
import type { Runbook, RunbookStep } from "../runbook/index.js";
import { hasExpression } from "../runbook/template.js";
import type { Combination } from "./matrix.js";
import type { EngineHost, RunState, StepPlace } from "./state.js";
import type { EngineTiming } from "./timing.js";

/** What all parts of the engine share of one run. */
export interface Core {
  readonly runbook: Runbook;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly kinds: ReadonlyMap<string, StepKind>;
  readonly host: EngineHost;
  readonly state: RunState;
  readonly timing: EngineTiming;
}

export function clockOf(core: Core): Clock {
  return core.host.clock ?? systemClock;
}

export function kindOf(core: Core, step: RunbookStep): StepKind {
  const kind = core.kinds.get(step.uses);
  if (kind !== undefined) return kind;
  throw new HopbookError(
    "DOCUMENT_INVALID",
    `Cannot run step ${step.id}: there is no step kind ${step.uses}`,
  );
}

/** Whether the step only reads, and so may run while the plan is made. */
export function isDiscovery(core: Core, step: RunbookStep): boolean {
  return step.control === null && kindOf(core, step).phase === "discovery";
}

export function titleOf(core: Core, step: RunbookStep): string {
  if (step.name !== undefined) return step.name;
  if (step.form === "run") return `Run ${wordsOf(step.with["argv"])}`;
  if (step.control === null) return kindOf(core, step).title;
  const { type, steps } = step.control;
  return `${type === "wait" ? "Wait for" : "Cancel"} ${steps.join(", ")}`;
}

const MAX_TITLE = 60;

/** The words of a command as they stand in the file; what an expression will give is not said here. */
function wordsOf(argv: unknown): string {
  const words = Array.isArray(argv) ? argv : [];
  const text = words.map((word) => (hasExpression(word) ? "…" : String(word))).join(" ");
  return text.length > MAX_TITLE ? `${text.slice(0, MAX_TITLE)}…` : text;
}

export function placeOf(step: RunbookStep, combination: Combination | null): StepPlace {
  if (combination === null) return { step: step.id, combination: null, evidenceName: step.id };
  const { label, index } = combination;
  return { step: step.id, combination: label, evidenceName: `${step.id}.${index}` };
}
