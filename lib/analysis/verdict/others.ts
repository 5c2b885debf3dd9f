import type { EvidenceEnd, FlowAddress } from "../../model/evidence.js";
import { REPLY } from "../follow/ends.js";
import type { Flow } from "../follow/flow.js";

/** Whether a flow that nobody asked about is one to judge: what is sent to all and answered by none is not. */
export function isWorthTelling({ server, records }: Flow): boolean {
  return !isToMany(server.ip) || records[REPLY].ways.length > 0;
}

/** Multicast (RFC 5771, RFC 4291 2.7), limited broadcast, and nobody's address. */
function isToMany(ip: string): boolean {
  if (ip.includes(":")) return ip.startsWith("ff") || ip === "::";
  const [first] = ip.split(".");
  return (Number(first) >= 224 && Number(first) < 240) || ip === "255.255.255.255" || ip === "0.0.0.0";
}

/** An end that is known by its addresses alone. */
export function endOf(addresses: readonly [FlowAddress, ...FlowAddress[]]): EvidenceEnd {
  const [{ ip, port }] = addresses;
  return { pod: null, node: null, ip, port, addresses };
}
