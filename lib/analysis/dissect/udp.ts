import { uint16 } from "./bytes.js";
import { STOP, type Packet } from "./packet.js";

const HEADER_BYTES = 8;

/** UDP (RFC 768). The payload's length is what IP says: the datagram's own field may claim anything. */
export function readUdp(bytes: Uint8Array, at: number, packet: Packet): void {
  if (packet.end - at < HEADER_BYTES || packet.l4Bytes < HEADER_BYTES) {
    packet.stop = STOP.cut;
    return;
  }
  packet.sourcePort = uint16(bytes, at);
  packet.destinationPort = uint16(bytes, at + 2);
  packet.payloadAt = at + HEADER_BYTES;
  packet.payloadBytes = packet.l4Bytes - HEADER_BYTES;
}
