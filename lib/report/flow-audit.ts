import type { AuditSeverity, AuditStatement } from "../model/audit/audit.js";
import type { FlowAudit } from "../model/findings.js";

export const AUDIT_TITLE = "What the nodes' state alone says";

/** A fault or warning that the nodes' state shows, raw. */
export interface AuditItem {
  /** The check that says it. */
  readonly check: string;
  readonly severity: "fault" | "warning";
  /** Place, direction and what is wrong, without a full stop. */
  readonly sentence: string;
  readonly evidence: readonly string[];
  readonly next: string | null;
}

/** What is wrong by a flow's audit, the gravest first, and the rest of it in short. */
interface AuditSummary {
  readonly items: readonly AuditItem[];
  /** "found well: links 6, rules 4", "not read: routes 6": by check. */
  readonly rest: readonly string[];
}

export function summariseAudit({ statements }: FlowAudit): AuditSummary {
  return {
    items: statements.flatMap((one) => {
      const { severity, what, evidence, next } = one;
      if (severity !== "fault" && severity !== "warning") return [];
      const lines = evidence.map(({ command, line }) => `${command}: ${line}`);
      return [
        { check: one.check, severity, sentence: `${placeAudited(one)}: ${what}`, evidence: lines, next },
      ];
    }),
    rest: [
      ...countChecks(statements, { severity: "fine", title: "found well" }),
      ...countChecks(statements, { severity: "doubt", title: "not known" }),
    ],
  };
}

/** "pod shop/web on node-b, eth0 (request)". */
export function placeAudited({ place, direction }: AuditStatement): string {
  const { node, pod, device } = place;
  const at = pod === null ? node : `pod ${pod} on ${node}`;
  return `${at}${device === null ? "" : `, ${device}`}${direction === null ? "" : ` (${direction})`}`;
}

/** "found well: links 6, rules 4"; none where there is nothing of that severity. */
export function countChecks(
  statements: readonly AuditStatement[],
  { severity, title }: { readonly severity: AuditSeverity; readonly title: string },
): readonly string[] {
  const counts = new Map<string, number>();
  for (const one of statements)
    if (one.severity === severity) counts.set(one.check, (counts.get(one.check) ?? 0) + 1);
  if (counts.size === 0) return [];
  const each = [...counts].map(([check, count]) => (count === 1 ? check : `${check} ${count}`));
  return [`${title}: ${each.join(", ")}`];
}
