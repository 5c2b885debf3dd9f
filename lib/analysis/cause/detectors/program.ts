import { parseAgentDrops, type AgentDrop } from "../../../linux/ebpf/agent-drops.js";
import { describeNetns, type Netns } from "../../../readings/reader.js";
import type { Candidate, Detector, DetectorInput } from "../candidate.js";
import { weighGrowth } from "../growth.js";

/** The CNI's agent counted as many drops of one kind as packets were lost. */
export const program: Detector = {
  causes: {
    "program-drop": {
      title: "An eBPF program of the CNI dropped the packets, and its agent says why",
      reasons: ["TC_INGRESS", "TC_EGRESS", "XDP"],
    },
  },
  ofSwitched: true,
  detect: detectProgram,
};

function detectProgram(given: DetectorInput): readonly Candidate[] {
  const { spot, state } = given;
  if (spot.netns === null || !WITHIN.has(spot.kind)) return [];
  const at: Netns = { node: spot.netns.node, pod: null };
  const [first] = state.readings(at, "agent-drops", { phase: "before" });
  const [last] = state.readings(at, "agent-drops");
  if (first === undefined || last === undefined) return [];
  const before = parseAgentDrops(first.text);
  return parseAgentDrops(last.text).drops.flatMap((now): Candidate[] => {
    const { agent, command, device, direction, reason, packets } = now;
    if (device !== null && device !== spot.inDevice && device !== spot.outDevice) return [];
    const was = before.drops.find((each) => isSame(each, now));
    // Else all that was counted since the program was loaded would be growth.
    if (was === undefined && !before.whole.has(agent)) return [];
    const weight = weighGrowth(packets - (was?.packets ?? 0), given, {
      code: "program-drop",
      counts: (other) => WITHIN.has(other.spot.kind),
      // Only a device's own counter is of what was to pass it.
      isOwn: device !== null,
    });
    if (weight === null) return [];
    // A node's counter is of all its pods: what a device's own one or another counter says goes before it.
    const strength = device === null && weight.strength === 3 ? 2 : weight.strength;
    const where = `${describeNetns(at)}: ${agent}`;
    const kind = `${reason}, ${direction}${device === null ? "" : ` of ${device}`}`;
    const counted = `${describeNetns(at)}: ${command}: ${kind}: ${weight.text}`;
    const summary = `${where}'s eBPF program dropped the packets: ${kind}`;
    return [
      {
        ...{ code: "program-drop", evidence: [counted], strength },
        summary: strength === 0 ? counted : summary,
      },
    ];
  });
}

/** Where a device's programs stand between the two hops. */
const WITHIN: ReadonlySet<string> = new Set(["forward", "encapsulate", "decapsulate", "veth"]);

function isSame(one: AgentDrop, other: AgentDrop): boolean {
  return (["agent", "device", "direction", "reason"] as const).every((key) => one[key] === other[key]);
}
