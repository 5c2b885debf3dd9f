import { LOGICAL_TRACE, nameAcl } from "../../../linux/vswitch/logical-trace.js";
import { readSwitch } from "../../../readings/switch-trace.js";
import type { Candidate, Detector, DetectorInput } from "../candidate.js";
import { summarise } from "../wording.js";

/** The switch's databases say of the same packet that an ACL ends it, on the node where the packets ended. */
export const switchAcl: Detector = {
  causes: { "switch-acl-drop": { title: "An ACL of a logical switch dropped or rejected the packets" } },
  ofSwitched: true,
  detect: detectSwitchAcl,
};

function detectSwitchAcl({ input, spot, state }: DetectorInput): readonly Candidate[] {
  const { flow, direction } = input;
  if (direction !== "request" || spot.netns === null || spot.kind === "pod-in") return [];
  const { ip } = flow.to.addresses.at(-1) ?? flow.to;
  const nodes = [flow.from.node, flow.to.node];
  const answer = readSwitch(state, { nodes, protocol: flow.protocol, ip });
  if (answer?.end.kind !== "acl") return [];
  const { at, verb, acl } = answer.end;
  // A switch's way out to a port is computed on the port's own node.
  const where = at.pipeline === "egress" ? flow.to.node : flow.from.node;
  if (where !== spot.netns.node) return [];
  const ids = [...(acl?.externalIds ?? [])].map(([key, of]) => `${key} ${of}`);
  return [
    {
      code: "switch-acl-drop",
      summary: summarise(
        `${where}: an ACL of the switch ${at.datapath} ${verb} the packets`,
        acl?.name == null ? ids : [`"${acl.name}"`, ...ids.slice(0, 1)],
      ),
      evidence: [
        `${LOGICAL_TRACE.program} on ${answer.node}: ${at.stage}: ${at.text}`,
        ...(acl === null ? [] : [`made of ${nameAcl(acl)}: ${acl.match}`]),
      ],
      strength: 2,
    },
  ];
}
