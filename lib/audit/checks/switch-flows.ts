import { FLOW_TRACE, nameFlow } from "../../linux/vswitch/flow-trace.js";
import { readFlows } from "../../readings/switch-trace.js";
import { evidenceOf, type Check, type Said } from "../check.js";
import { endpointOf, isInPod } from "../path.js";

/** What the switch of the sender's node does with the request's first packet by its own flow tables, whoever wrote them. */
export const switchFlows: Check = {
  name: "switch-flows",
  title: "The flow tables of the sender's switch do not drop the packets",
  check: (world): readonly Said[] => {
    const { path, state, protocol } = world;
    const { from, to } = path;
    if (path.switched === undefined || from.node === null || !isInPod(path, from)) return [];
    const at = { node: from.node, pod: from.pod };
    const answer = readFlows(state, at, { protocol, ip: endpointOf(to).ip });
    if (answer === undefined) return [];
    const { end, reading } = answer;
    const base = { direction: "request", place: { node: from.node, pod: null, device: null } } as const;
    if (end.kind === "output")
      return [
        {
          ...{ ...base, severity: "fine", next: null },
          what: `the flow tables of ${from.node} send them on`,
          evidence: [evidenceOf(reading, `Datapath actions: ${end.actions.slice(0, MOST_CHARS)}`)],
        },
      ];
    const line = `${String(end.at.table)}. ${end.at.text}`;
    const named = nameFlow(end.at);
    return [
      {
        ...{ ...base, severity: end.isTracked ? "doubt" : "fault", next: FLOW_TRACE.byHand },
        what: end.isTracked
          ? `${named} drops them where connection tracking takes them for new and translates nothing`
          : `${named} drops them`,
        evidence: [evidenceOf(reading, `${line.slice(0, MOST_CHARS)}: drop`)],
      },
    ];
  },
};

const MOST_CHARS = 400;
