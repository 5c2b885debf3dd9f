import { createHash } from "node:crypto";
import type { PlannedCommand } from "../model/steps.js";

/** What a run will do, step by step, before it does it. */
export interface Plan {
  readonly apiVersion: "hopbook.dev/v1";
  readonly kind: "Plan";
  readonly runbook: { readonly name: string; readonly sha256: string };
  readonly cluster: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly steps: readonly PlanStep[];
  /** sha256 over all of the above, keys sorted. */
  readonly digest: string;
}

export interface PlanStep {
  readonly id: string;
  readonly uses: string;
  readonly title: string;
  readonly phase: "discovery" | "action";
  /** Why it will not run; null where it will. */
  readonly skipped: string | null;
  /** Runs on every exit path. */
  readonly always: boolean;
  readonly commands: readonly PlannedCommand[];
  readonly notes: readonly string[];
}

export function makePlan(content: Omit<Plan, "apiVersion" | "kind" | "digest">): Plan {
  const body = { apiVersion: "hopbook.dev/v1", kind: "Plan", ...content } as const;
  return { ...body, digest: `sha256:${sha256(canonicalJson(body))}` };
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** JSON with sorted keys, so that equal values have equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner === "bigint") return Number(inner);
    if (inner === null || typeof inner !== "object" || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  });
}
