import type { FlowAddress } from "../../model/evidence.js";
import type { Protocol } from "../../model/traffic.js";
import type { Identity } from "./identity.js";
import type { HopCapture } from "./source.js";

/** One flow and the captures it is followed through. */
export interface CorrelateInput {
  readonly from: readonly FlowAddress[];
  readonly to: readonly FlowAddress[];
  readonly protocol: Protocol;
  readonly captures: readonly HopCapture[];
  /** Indexes into `captures`, in the order of the direction. */
  readonly requestOrder: readonly number[];
  readonly replyOrder: readonly number[];
  readonly identity: Identity;
  /** A packet so close to the end of the next hop's capture may have missed it. */
  readonly tailUs: number;
  readonly windowUs?: number;
}
