import type { FlowEvidence } from "../../model/evidence.js";
import { isTunnelPort } from "../../wire/open.js";

/** Ports whose protocols answer each datagram: DNS, NTP, SNMP, QUIC. */
const ANSWERING_PORTS: ReadonlySet<number | null> = new Set([53, 123, 161, 443]);

type Asked = Pick<FlowEvidence, "protocol" | "probe" | "oneWay" | "to">;

/** No answer is due: where a tunnel ends at a node itself, its packets are taken without a word. */
export function isOneWay({ protocol, oneWay, to: { pod, node, port } }: Asked): boolean {
  if (protocol !== "udp" || port === null) return false;
  return oneWay === true || (pod === null && node !== null && isTunnelPort(port));
}

/** Datagrams that nobody asked for, by a port that does not tell whether they are answered. */
export function mayBeOneWay(flow: Asked): boolean {
  return (
    isOneWay(flow) || (flow.protocol === "udp" && flow.probe === null && !ANSWERING_PORTS.has(flow.to.port))
  );
}
