import type { FlowEvidence, ProbeRecord } from "../../model/evidence.js";
import type { Correlation } from "../correlate/correlate.js";
import type { Route } from "./route.js";

/** What a verdict is argued from. */
export interface DecideInput {
  readonly flow: FlowEvidence;
  readonly route: Route;
  readonly found: Correlation;
  readonly probes: readonly ProbeRecord[];
}
