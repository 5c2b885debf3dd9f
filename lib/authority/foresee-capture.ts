import type { CaptureLimits } from "../permissions/index.js";
import { parseDuration, parseSize } from "../model/units.js";
import { STEP_KINDS } from "../steps/registry.js";
import type { ForeseenStep } from "./foresee.js";

/** What says how long the captures of a kind go on at most. */
const DURATIONS: Readonly<Record<string, string>> = {
  "capture/start": "maxDuration",
  "capture/watch": "duration",
};

/** How much a step captures, as far as that is known before a run: what is not is taken as nothing. null: none at all. */
export function captureLimitsOf(step: ForeseenStep): CaptureLimits | null {
  const duration = DURATIONS[step.uses];
  if (duration === undefined) return null;
  return {
    durationMs: knownMs(valueOf(step, duration)) ?? 0,
    bytes: knownBytes(valueOf(step, "maxBytes")) ?? 0,
    payload: valueOf(step, "payload") === true ? "full" : "headers",
  };
}

/**
 * Why a step goes on when the captures that it is watched by are over, or is ended by its own limit first; null where
 * that is not known to be so. Of steps that follow one another: what runs in the background is nobody's wait.
 */
export function findOutlasting(steps: readonly ForeseenStep[]): {
  readonly step: ForeseenStep;
  readonly needMs: number;
  readonly maxMs: number;
  readonly by: string;
} | null {
  let capture: { readonly step: ForeseenStep; readonly maxMs: number } | null = null;
  let needMs = 0;
  for (const step of steps.filter(({ wanted, background }) => wanted === "yes" && !background)) {
    const kind = STEP_KINDS.get(step.uses);
    const lasts = kind?.waitMs?.(step.values) ?? kind?.lastsMs?.(step.values) ?? 0;
    if (step.timeoutMs !== null && lasts > step.timeoutMs) {
      return { step, needMs: lasts, maxMs: step.timeoutMs, by: "its own timeout ends it" };
    }
    if (step.uses === "capture/stop") capture = null;
    needMs += lasts;
    if (capture !== null && needMs > capture.maxMs) {
      return { step, needMs, maxMs: capture.maxMs, by: `the captures of ${capture.step.id} end` };
    }
    if (step.uses !== "capture/start") continue;
    const maxMs = knownMs(valueOf(step, "maxDuration"));
    capture = maxMs === null ? null : { step, maxMs };
    needMs = 0;
  }
  return null;
}

/** The value in the runbook, else the kind's own; undefined where the runbook has one that is not known yet. */
function valueOf({ uses, given, values }: ForeseenStep, key: string): unknown {
  if (given.includes(key)) return values[key];
  const properties = STEP_KINDS.get(uses)?.inputSchema["properties"] as
    Readonly<Record<string, { readonly default?: unknown }>> | undefined;
  return properties?.[key]?.default;
}

function knownMs(value: unknown): number | null {
  if (typeof value === "number") return value;
  return typeof value === "string" ? (parseDuration(value) ?? null) : null;
}

function knownBytes(value: unknown): number | null {
  if (typeof value === "number") return value;
  return typeof value === "string" ? (parseSize(value) ?? null) : null;
}
