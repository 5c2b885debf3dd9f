import type { FlowEvidence } from "../../model/evidence.js";
import type { Observation } from "./observation.js";
import type { Decision } from "./decide.js";
import type { Route } from "./route.js";

/** A flow followed through its captures and judged, before anything is written about it. */
export interface JudgedFlow {
  readonly flow: FlowEvidence;
  readonly route: Route;
  readonly found: Observation;
  readonly decision: Decision;
}
