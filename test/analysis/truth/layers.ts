import { isIPv6 } from "node:net";
import { ethernet, ip, sll, sll2, udp, vxlan } from "../helpers/packets.js";
import type { Encapsulation, HopPlan } from "./scenario.js";

/** Packets with the checksums that they have on a wire. */

const ICMP = 1;
const TCP = 6;
const UDP = 17;

function sum(bytes: Uint8Array, from: number, start = 0): number {
  let total = start;
  for (let at = from; at + 1 < bytes.length; at += 2) total += (bytes[at]! << 8) | bytes[at + 1]!;
  if ((bytes.length - from) % 2 === 1) total += bytes[bytes.length - 1]! << 8;
  return total;
}

function fold(total: number): number {
  let folded = total;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000);
  return ~folded & 0xffff;
}

/** Fills in the checksum of an IPv4 header without options alone. */
export function withHeaderChecksum(packet: Buffer): Buffer {
  packet.writeUInt16BE(0, 10);
  packet.writeUInt16BE(fold(sum(packet.subarray(0, 20), 0)), 10);
  return packet;
}

/** Fills in the checksums of an IP packet without options, and of what it carries. */
export function withChecksums(packet: Buffer): Buffer {
  const is6 = packet[0]! >> 4 === 6;
  const at = is6 ? 40 : 20;
  const protocol = is6 ? packet[6]! : packet[9]!;
  if (!is6) withHeaderChecksum(packet);
  const offset = protocol === TCP ? 16 : protocol === UDP ? 6 : protocol === ICMP || protocol === 58 ? 2 : -1;
  if (offset === -1) return packet;
  const addresses = is6 ? packet.subarray(8, 40) : packet.subarray(12, 20);
  const pseudo = protocol === ICMP ? 0 : sum(addresses, 0) + protocol + (packet.length - at);
  packet.writeUInt16BE(0, at + offset);
  packet.writeUInt16BE(fold(sum(packet, at, pseudo)) || 0xffff, at + offset);
  return packet;
}

interface Route {
  readonly source: string;
  readonly destination: string;
}

/** The IP packet inside its tunnel, if any, and its link's header. */
export function wear(packet: Buffer, hop: HopPlan, outer: Route): Buffer {
  const shown = wrap(packet, hop.wears, outer);
  switch (hop.link) {
    case "ethernet":
      return ethernet(shown);
    case "vlan":
      return ethernet(shown, { vlan: 77 });
    case "qinq":
      return stack(ethernet(shown, { vlan: 77 }));
    case "raw":
      return shown;
    case "sll":
      return sll(shown);
    case "sll2":
      return sll2(shown);
  }
}

/** A second tag (802.1ad) in front of the first. */
const stack = (frame: Buffer): Buffer =>
  Buffer.concat([frame.subarray(0, 12), Buffer.from([0x88, 0xa8, 0, 100]), frame.subarray(12)]);

/** Sets the two bits of ECN (RFC 3168), in either version. */
export function markEcn(packet: Buffer, bits: number): Buffer {
  if (packet[0]! >> 4 === 6) packet[1]! |= bits << 4;
  else packet[1]! |= bits;
  return withChecksums(packet);
}

const DESTINATION_OPTIONS = 60;

/** Puts destination options, which only pad, behind the header of an IPv6 packet. */
export function extend(packet: Buffer): Buffer {
  const header = Buffer.from(packet.subarray(0, 40));
  const options = Buffer.from([header[6]!, 0, 1, 4, 0, 0, 0, 0]);
  header[6] = DESTINATION_OPTIONS;
  header.writeUInt16BE(header.readUInt16BE(4) + options.length, 4);
  return Buffer.concat([header, options, packet.subarray(40)]);
}

function wrap(packet: Buffer, wears: Encapsulation, outer: Route): Buffer {
  switch (wears) {
    case "none":
      return packet;
    case "vxlan":
      return withChecksums(vxlan(ethernet(packet), outer));
    case "flannel":
      return withChecksums(vxlan(ethernet(packet), { ...outer, port: 8472, vni: 1 }));
    case "geneve": {
      const header = Buffer.from([0x02, 0, 0x65, 0x58, 0, 0, 7, 0, 1, 2, 3, 1, 9, 9, 9, 9]);
      const inner = udp(50_001, 6081, Buffer.concat([header, ethernet(packet)]));
      return withChecksums(ip({ ...outer, protocol: UDP }, inner));
    }
    case "ipip":
      return withChecksums(ip({ ...outer, protocol: isIPv6(outer.source) ? 41 : 4 }, packet));
  }
}
