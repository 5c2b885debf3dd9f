import { auditPath } from "../audit/audit.js";
import type { FlowEvidence, StateRecord } from "../model/evidence.js";
import type { FlowAudit } from "../model/findings.js";
import type { Looks } from "../readings/reader.js";

/** What the nodes' state alone says of a flow; null where nothing was read that says anything. */
export function auditFlow(flow: FlowEvidence, looks: Looks): FlowAudit | null {
  const known = new Set(looks.state.map(({ node }) => node));
  if (flow.hops.length === 0 || known.size === 0) return null;
  const { status, statements } = auditPath(flow, { looks, protocol: flow.protocol, port: flow.to.port });
  // Of nodes that nothing was read of there is nothing to say, not even in doubt.
  const own = statements.filter(({ place }) => known.has(place.node));
  return own.every(({ severity }) => severity === "doubt") ? null : { status, statements: own };
}

/**
 * The same of a run's flow, by what the run read anyway. Where nothing was looked at again once the packets were through, what
 * was read before them counts.
 */
export function auditRun(flow: FlowEvidence, looks: Looks): FlowAudit | null {
  const keyOf = ({ node, netns, argv }: StateRecord): string => JSON.stringify([node, netns, argv]);
  const again = new Set(looks.state.filter(({ phase }) => phase === "after").map(keyOf));
  const state = looks.state.flatMap((record) =>
    record.phase === "after"
      ? [record]
      : again.has(keyOf(record))
        ? []
        : [{ ...record, phase: "after" as const }],
  );
  return auditFlow(flow, { state, readText: (file) => looks.readText(file) });
}
