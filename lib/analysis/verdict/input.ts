import type { EvidenceHop, FlowEvidence, ProbeRecord } from "../../model/evidence.js";
import type { Observation } from "./observation.js";
import type { Route } from "./route.js";

/** What a verdict is argued from. */
export interface DecideInput {
  readonly flow: FlowEvidence;
  readonly route: Route;
  readonly found: Observation;
  readonly probes: readonly ProbeRecord[];
  /** Hops behind its last one, where it might have gone on: it was answered before them, and nothing shows there. */
  readonly leaves: readonly EvidenceHop[];
}
