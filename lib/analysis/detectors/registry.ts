import type { DetectorFinding } from "../../model/findings.js";
import { asymmetric } from "./asymmetric.js";
import { backends } from "./backends.js";
import { checksums } from "./checksums.js";
import { delay } from "./delay.js";
import type { FlowDetector } from "./detector.js";
import { duplicates } from "./duplicates.js";
import type { FlowFacts } from "./facts.js";
import { firstSyn } from "./first-syn.js";
import { handshake } from "./handshake.js";
import { hopLimit } from "./hop-limit.js";
import { icmpErrors } from "./icmp-errors.js";
import { mtu } from "./mtu.js";
import { neighbours } from "./neighbours.js";
import { otherMac } from "./other-mac.js";
import { portReuse } from "./port-reuse.js";
import { protocols } from "./protocols.js";
import { resets } from "./resets.js";
import { retransmissions } from "./retransmissions.js";
import { translation } from "./translation.js";
import { zeroWindow } from "./zero-window.js";

/** Every detector of flows there is. A new one is a file beside these and a line here. */
export const FLOW_DETECTORS: readonly FlowDetector[] = [
  mtu,
  protocols,
  hopLimit,
  otherMac,
  neighbours,
  icmpErrors,
  translation,
  resets,
  handshake,
  firstSyn,
  backends,
  checksums,
  portReuse,
  retransmissions,
  duplicates,
  asymmetric,
  zeroWindow,
  delay,
];

const ORDER = ["fail", "warn", "note"];

/** What all detectors say of a flow, the gravest first. */
export function detectAll(facts: FlowFacts): readonly DetectorFinding[] {
  return FLOW_DETECTORS.flatMap(({ kinds, detect }) =>
    detect(facts).map((said) => ({ ...said, reference: kinds[said.code]!.reference })),
  ).sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
}
