import type { RunOutcome } from "../../lib/engine/engine.js";
import type { ClusterProfile } from "../../lib/model/cluster.js";
import type { CheckStatus, Findings, FlowFinding, VerdictStatus } from "../../lib/model/findings.js";

export function makeOutcome(more: Partial<RunOutcome> = {}): RunOutcome {
  return { status: "done", error: null, incomplete: [], ...more };
}

export function makeFindings(
  parts: { statuses?: VerdictStatus[]; checks?: CheckStatus[]; complete?: boolean } = {},
): Findings {
  const flows = (parts.statuses ?? []).map((status) => ({ verdict: { status } }) as unknown as FlowFinding);
  const checks = (parts.checks ?? []).map((status) => ({ id: status, status, message: "" }));
  const run = { id: "x", runbook: "x", startedAt: "2026-01-01T00:00:00Z", incomplete: [] };
  return {
    ...{ apiVersion: "hopbook.dev/v1", kind: "Findings", flows, checks },
    run: { ...run, complete: parts.complete ?? true },
  };
}

/** Nodes whose processes are long gone. */
export function makeProfile(names: readonly string[]): ClusterProfile {
  const nodes = names.map((name) => ({
    name,
    access: { via: "local", pid: 4194304, startTimeTicks: 1 } as const,
  }));
  return { name: "test", nodes, cni: "auto", interfaces: {}, workDir: "/var/tmp" };
}
