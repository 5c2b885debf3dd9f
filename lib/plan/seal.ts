import type { AccessEnd, Argv } from "../model/access.js";
import type { PermissionsSpec } from "../model/permissions.js";
import { canonicalJson, sha256, type Plan, type PlanStep } from "./plan.js";

/** A file whose text the plan depends on. */
export interface PlanSource {
  /** As it was named, or absolute. */
  readonly file: string;
  readonly sha256: string;
}

/** What a plan is about, beyond its steps. */
export interface PlanFrame {
  /** The run that it is made for: its id stands in paths on the nodes. */
  readonly run: { readonly id: string };
  /** What has to be named to make the plan again: a runbook's name or absolute path, a profile's. */
  readonly named: {
    readonly runbook: string;
    readonly cluster: string | null;
    /** Set where a context stands for a profile. */
    readonly kube?: { readonly context: string; readonly namespace: string };
  };
  /** The runbook's own file first, then what it extends and what overlays it. */
  readonly sources: readonly PlanSource[];
  readonly scripts: readonly (PlanSource & { readonly step: string })[];
  /** The cluster profile as it was read. */
  readonly profileSha256: string;
  /** Where commands go by it; none where nobody is asked. */
  readonly ends: readonly AccessEnd[];
  readonly declared: PermissionsSpec;
  /** Flags without which nothing could be read from the nodes; then `steps` have no commands. */
  readonly missingFlags: readonly string[];
}

/** plan.json: all that a run will do, and a digest over it. It has no times. */
export interface SealedPlan extends Omit<Plan, "digest"> {
  readonly run: PlanFrame["run"];
  readonly named: PlanFrame["named"];
  readonly sources: PlanFrame["sources"];
  readonly scripts: PlanFrame["scripts"];
  readonly profileSha256: string;
  /** Absent: of an older version, and no plan to run. */
  readonly ends?: PlanFrame["ends"];
  readonly permissions: {
    /** As the runbook has it. */
    readonly declared: PermissionsSpec;
    /** What the commands of this plan need of it, by node. */
    readonly effective: readonly { readonly node: string; readonly actions: readonly string[] }[];
  };
  /** Made on the nodes, and removed again. */
  readonly files: readonly { readonly node: string; readonly path: string }[];
  /** false: no node was asked, since that was not granted; such a plan cannot be run. */
  readonly complete: boolean;
  readonly missingFlags: readonly string[];
  /** sha256 over all of the above, keys sorted. */
  readonly digest: string;
}

/** Completes a plan: the same things have the same digest, whatever the order in which nodes answered. */
export function sealPlan({ digest: _, ...plan }: Plan, frame: PlanFrame): SealedPlan {
  const steps = plan.steps.map(inOrder);
  const { run, named, sources, scripts, profileSha256, ends, declared, missingFlags } = frame;
  const body = {
    ...{ ...plan, steps, run, named, sources, scripts, profileSha256, ends },
    permissions: { declared, effective: needsOf(steps) },
    files: filesOf(steps),
    ...{ complete: missingFlags.length === 0, missingFlags },
  };
  return { ...body, digest: digestOf(body) };
}

/** Over everything but the digest itself. */
export function digestOf(body: Omit<SealedPlan, "digest">): string {
  return `sha256:${sha256(canonicalJson({ ...body, digest: undefined }))}`;
}

/** Nodes are asked side by side. What is asked of one node has its order. */
function inOrder(step: PlanStep): PlanStep {
  if (step.phase !== "discovery") return step;
  const commands = step.commands.toSorted((a, b) => compare(a.node, b.node) || compareArgv(a.argv, b.argv));
  return { ...step, commands };
}

function compareArgv(a: Argv, b: Argv): number {
  return compare(JSON.stringify(a), JSON.stringify(b));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function needsOf(steps: readonly PlanStep[]): SealedPlan["permissions"]["effective"] {
  const byNode = new Map<string, Set<string>>();
  for (const { node, action } of steps.flatMap((step) => step.commands))
    byNode.set(node, (byNode.get(node) ?? new Set<string>()).add(action));
  return [...byNode]
    .map(([node, actions]) => ({ node, actions: [...actions].sort() }))
    .sort((a, b) => compare(a.node, b.node));
}

function filesOf(steps: readonly PlanStep[]): SealedPlan["files"] {
  return steps.flatMap((step) =>
    step.commands.flatMap(({ node, files = [] }) => files.map((path) => ({ node, path }))),
  );
}
