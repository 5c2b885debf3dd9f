import type { FlowEvidence } from "../../model/evidence.js";

/** A flow of which no more is known than its ends and its way: nothing was asked of its nodes, and no probe made. */
export function bareFlow(flow: Pick<FlowEvidence, "id" | "from" | "to" | "protocol" | "hops">): FlowEvidence {
  return { ...flow, probe: null, replyHops: null, underlay: {}, tunnels: {}, notes: [] };
}
