import { auditPath } from "../audit/audit.js";
import type { FlowEvidence } from "../model/evidence.js";
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
