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
  /** How the nodes of the commands are entered, by node; absent where no node is asked. */
  readonly access?: readonly PlannedAccess[];
  /** Who set each value of the runbook, by JSON pointer: `/steps/0/with/count`. */
  readonly origins?: Readonly<Record<string, PlanOrigin>>;
  /** sha256 over all of the above, keys sorted. */
  readonly digest: string;
}

interface PlanOrigin {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** The way in to a node that the plan's commands go to. */
interface PlannedAccess {
  readonly node: string;
  readonly via: string;
  /** Of the pod or container that is made for it; null: none is made, or its program chooses. */
  readonly image: string | null;
  /** Which node it is, as the API tells; absent where it is not asked. */
  readonly identity?: string;
}

export interface PlanStep {
  readonly id: string;
  readonly uses: string;
  readonly title: string;
  /** How it is written in the runbook. */
  readonly form: "uses" | "run" | "script" | "wait" | "cancel";
  readonly phase: "discovery" | "action";
  /** Why it will not run; null where it will. */
  readonly skipped: string | null;
  /** Runs on every exit path. */
  readonly always: boolean;
  /** Steps that it waits for, or cancels. */
  readonly needs: readonly string[];
  readonly background: boolean;
  /** Of a matrix; null where the step has none. */
  readonly strategy: { readonly maxParallel: number; readonly failFast: boolean } | null;
  /** Of a matrix, in its order; null where the step has none, or where they are known only in the run. */
  readonly combinations: readonly PlanCombination[] | null;
  readonly retry: { readonly count: number; readonly delayMs: number } | null;
  /** Of each try; null: none of its own. */
  readonly timeoutMs: number | null;
  readonly continueOnError: boolean;
  /** Some of what it will do depends on what other steps put out, and is known only then; `notes` say on which. */
  readonly deferred: boolean;
  readonly commands: readonly PlannedCommand[];
  readonly notes: readonly string[];
}

export interface PlanCombination {
  /** `pod=shop/web, size=1400`. */
  readonly label: string;
  readonly matrix: Readonly<Record<string, unknown>>;
  readonly skipped: string | null;
  readonly deferred: boolean;
  /** How many of the step's commands are its own; what several share counts for each. */
  readonly commandCount: number;
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
