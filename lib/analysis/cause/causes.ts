import type { CauseKind } from "./candidate.js";
import { NO_SERVICE } from "./no-service.js";
import { DETECTORS } from "./registry.js";

/** Every cause there is, by code. A cause that no detector declares cannot be said. */
export const CAUSES: ReadonlyMap<string, CauseKind> = new Map(
  [...DETECTORS.map(({ causes }) => causes), NO_SERVICE].flatMap((causes) => Object.entries(causes)),
);

/** Causes that a drop event fits, by its reason, else by the kernel's function; empty where it speaks for none. */
export function codesOf(location: string, reason: string): readonly string[] {
  const causes = [...CAUSES];
  const byReason = causes.filter(([, { reasons = [] }]) => reasons.includes(reason));
  const byLocation = causes.filter(([, { locations = [] }]) => locations.includes(location));
  return (byReason.length > 0 ? byReason : byLocation).map(([code]) => code);
}
