import { FLOW_TRACE, nameFlow } from "../../../linux/vswitch/flow-trace.js";
import { readFlows } from "../../../readings/switch-trace.js";
import type { Candidate, Detector, DetectorInput } from "../candidate.js";
import { summarise } from "../wording.js";
import { switchAcl } from "./switch-acl.js";

/** The flow tables of the sender's own switch, whoever wrote them, drop the same packet by `ofproto/trace`. */
export const switchFlow: Detector = {
  causes: { "switch-flow-drop": { title: "A flow of the sender's switch dropped the packets" } },
  ofSwitched: true,
  detect: detectSwitchFlow,
};

function detectSwitchFlow(given: DetectorInput): readonly Candidate[] {
  const { input, spot, state } = given;
  const { flow, direction } = input;
  const { node, pod } = flow.from;
  if (direction !== "request" || node === null || spot.netns?.node !== node || spot.kind === "pod-in")
    return [];
  // The ACL that the flow was made of says more.
  if (switchAcl.detect(given).length > 0) return [];
  const { ip } = flow.to.addresses.at(-1) ?? flow.to;
  const answer = readFlows(state, { node, pod }, { protocol: flow.protocol, ip });
  if (answer?.end.kind !== "drop") return [];
  const { at, isTracked } = answer.end;
  const tracked = "connection tracking is taken to call them new and to translate nothing";
  return [
    {
      code: "switch-flow-drop",
      summary: summarise(`${node}: ${nameFlow(at)} drops the packets`),
      evidence: [
        `${FLOW_TRACE.program} on ${node}: ${at.bridge}, ${String(at.table)}. ${at.text}: drop`,
        ...(isTracked ? [tracked] : []),
      ],
      strength: isTracked ? 1 : 2,
    },
  ];
}
