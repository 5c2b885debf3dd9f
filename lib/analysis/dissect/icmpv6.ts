import { int32 } from "./bytes.js";
import { readIcmpHeader } from "./icmp.js";
import type { Packet } from "./packet.js";

export const ICMPV6 = {
  unreachable: 1,
  tooBig: 2,
  timeExceeded: 3,
  parameterProblem: 4,
  echoRequest: 128,
  echoReply: 129,
} as const;

/** ICMPv6 (RFC 4443): echo and the errors, whose types are the ones below 128. */
export function readIcmpv6(bytes: Uint8Array, at: number, packet: Packet): void {
  if (!readIcmpHeader(bytes, at, packet)) return;
  const type = packet.icmpType;
  if (type < ICMPV6.unreachable || type > ICMPV6.parameterProblem) return;
  packet.quoteAt = packet.payloadAt;
  packet.icmpMtu = type === ICMPV6.tooBig ? int32(bytes, at + 4) : 0;
}
