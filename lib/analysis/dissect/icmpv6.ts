import { int32 } from "./bytes.js";
import { readIcmpHeader } from "./icmp.js";
import { STOP, type Packet } from "./packet.js";

export const ICMPV6 = {
  unreachable: 1,
  tooBig: 2,
  timeExceeded: 3,
  parameterProblem: 4,
  echoRequest: 128,
  echoReply: 129,
  neighbourSolicitation: 135,
  neighbourAdvertisement: 136,
} as const;

/** From the ICMPv6 header on: its four bytes, the flags' four, the target. */
const NEIGHBOUR_BYTES = 24;
/** Source and target link-layer address; one for Ethernet is of 8 bytes. */
const LINK_LAYER_OPTIONS: readonly number[] = [1, 2];
const LINK_LAYER_BYTES = 8;

/** ICMPv6 (RFC 4443): echo, the errors, whose types are the ones below 128, and neighbour discovery (RFC 4861). */
export function readIcmpv6(bytes: Uint8Array, at: number, packet: Packet): void {
  if (!readIcmpHeader(bytes, at, packet)) return;
  const type = packet.icmpType;
  if (type === ICMPV6.neighbourSolicitation || type === ICMPV6.neighbourAdvertisement) {
    readNeighbour(bytes, at, packet);
    return;
  }
  if (type < ICMPV6.unreachable || type > ICMPV6.parameterProblem) return;
  packet.quoteAt = packet.payloadAt;
  packet.icmpMtu = type === ICMPV6.tooBig ? int32(bytes, at + 4) : 0;
}

/** RFC 4861, 4.3 and 4.4: the target, then options of type 1, length in 8 bytes 1, and a value. */
function readNeighbour(bytes: Uint8Array, at: number, packet: Packet): void {
  packet.neighbourMacAt = -1;
  if (packet.end - at < NEIGHBOUR_BYTES || packet.l4Bytes < NEIGHBOUR_BYTES) {
    packet.stop = STOP.cut;
    return;
  }
  packet.neighbourTarget0 = int32(bytes, at + 8);
  packet.neighbourTarget1 = int32(bytes, at + 12);
  packet.neighbourTarget2 = int32(bytes, at + 16);
  packet.neighbourTarget3 = int32(bytes, at + 20);
  let option = at + NEIGHBOUR_BYTES;
  while (packet.end - option >= LINK_LAYER_BYTES) {
    const length = bytes[option + 1]! << 3;
    // A length of 0 would never come to an end.
    if (length === 0) return;
    if (length === LINK_LAYER_BYTES && LINK_LAYER_OPTIONS.includes(bytes[option]!)) {
      packet.neighbourMacAt = option + 2;
      return;
    }
    option += length;
  }
}
