import { ipVersion } from "../linux/address.js";
import { FLOW_TRACE_NAME } from "../linux/vswitch/flow-script.js";
import { parseFlowTrace, type FlowEnd } from "../linux/vswitch/flow-trace.js";
import { parseLogicalTrace, type LogicalEnd } from "../linux/vswitch/logical-trace.js";
import type { Protocol } from "../model/traffic.js";
import type { Netns, Reading, StateReader } from "./reader.js";

interface SwitchQuestion {
  readonly nodes: readonly (string | null)[];
  readonly protocol: Protocol;
  /** Of the destination. */
  readonly ip: string;
}

interface SwitchAnswer {
  readonly node: string;
  readonly reading: Reading;
  readonly end: LogicalEnd;
}

/** Where the protocol stands behind `sh -c TEXT NAME`. */
const PROTOCOL_WORD = 4;

/** What the switch's databases say of a request, by the first node that has them; undefined where none answered. */
export function readSwitch(
  state: StateReader,
  { nodes, protocol, ip }: SwitchQuestion,
): SwitchAnswer | undefined {
  const asked = wordOf({ protocol, ip });
  for (const node of nodes) {
    if (node === null) continue;
    for (const reading of state.readings({ node, pod: null }, "switch-trace")) {
      if (reading.record.argv[PROTOCOL_WORD] !== asked) continue;
      const end = parseLogicalTrace(reading.text);
      if (end !== undefined) return { node, reading, end };
    }
  }
  return undefined;
}

function wordOf({ protocol, ip }: Pick<SwitchQuestion, "protocol" | "ip">): string {
  return protocol === "icmp" && ipVersion(ip) === 6 ? "icmpv6" : protocol;
}

/** What the flow tables of the sender's node do with its request; undefined where they were not asked, or said nothing. */
export function readFlows(
  state: StateReader,
  sender: Netns,
  question: Pick<SwitchQuestion, "protocol" | "ip">,
): { readonly reading: Reading; readonly end: FlowEnd } | undefined {
  for (const reading of state.readings(sender, "flow-trace")) {
    const { argv } = reading.record;
    if (argv[argv.indexOf(FLOW_TRACE_NAME) + 1] !== wordOf(question)) continue;
    const end = parseFlowTrace(reading.text);
    if (end !== undefined) return { reading, end };
  }
  return undefined;
}
