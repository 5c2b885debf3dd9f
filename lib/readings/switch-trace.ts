import { ipVersion } from "../linux/address.js";
import { parseLogicalTrace, type LogicalEnd } from "../linux/vswitch/logical-trace.js";
import type { Protocol } from "../model/traffic.js";
import type { Reading, StateReader } from "./reader.js";

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
  const asked = protocol === "icmp" && ipVersion(ip) === 6 ? "icmpv6" : protocol;
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
