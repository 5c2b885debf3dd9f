import { isIPv6 } from "node:net";
import { parseIp } from "../../../lib/analysis/dissect/address.js";

/** Builds packets byte by byte, outermost layer last: `ethernet(ipv4({…}, udp({…}, payload)))`. */

export function concat(...parts: readonly (Uint8Array | readonly number[])[]): Buffer {
  return Buffer.concat(parts.map((part) => (part instanceof Uint8Array ? part : Uint8Array.from(part))));
}

function ipBytes(text: string): Buffer {
  const { version, words } = parseIp(text)!;
  const bytes = Buffer.alloc(16);
  words.forEach((word, index) => bytes.writeInt32BE(word, index * 4));
  return bytes.subarray(0, version === 4 ? 4 : 16);
}

export interface IpOptions {
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  readonly ttl?: number;
  readonly id?: number;
  readonly dontFragment?: boolean;
  readonly fragmentOffset?: number;
  readonly moreFragments?: boolean;
  /** Declared total length; default: the true one. */
  readonly length?: number;
  /** IPv4 options, or IPv6 extension headers whose first kind is `protocol`. */
  readonly options?: Uint8Array;
}

export function ipv4(o: IpOptions, payload: Uint8Array): Buffer {
  const options = o.options ?? Buffer.alloc(0);
  const header = Buffer.alloc(20 + options.length);
  header[0] = 0x40 | (header.length / 4);
  header.writeUInt16BE(o.length ?? header.length + payload.length, 2);
  header.writeUInt16BE((o.id ?? 0) & 0xffff, 4);
  const flags = (o.dontFragment === true ? 0x4000 : 0) | (o.moreFragments === true ? 0x2000 : 0);
  header.writeUInt16BE(flags | ((o.fragmentOffset ?? 0) / 8), 6);
  header[8] = o.ttl ?? 64;
  header[9] = o.protocol;
  header.set(ipBytes(o.source), 12);
  header.set(ipBytes(o.destination), 16);
  header.set(options, 20);
  return concat(header, payload);
}

export function ipv6(o: IpOptions, payload: Uint8Array): Buffer {
  const options = o.options ?? Buffer.alloc(0);
  const header = Buffer.alloc(40);
  header[0] = 0x60;
  header.writeUInt16BE(o.length ?? options.length + payload.length, 4);
  header[6] = o.protocol;
  header[7] = o.ttl ?? 64;
  header.set(ipBytes(o.source), 8);
  header.set(ipBytes(o.destination), 24);
  return concat(header, options, payload);
}

/** IPv4 or IPv6, as the addresses say. ICMP's number is 58 in the latter. */
export function ip(o: IpOptions, payload: Uint8Array): Buffer {
  if (!isIPv6(o.source)) return ipv4(o, payload);
  return ipv6({ ...o, protocol: o.protocol === 1 ? 58 : o.protocol }, payload);
}

export function udp(sourcePort: number, destinationPort: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(sourcePort, 0);
  header.writeUInt16BE(destinationPort, 2);
  header.writeUInt16BE((8 + payload.length) & 0xffff, 4);
  return concat(header, payload);
}

export interface TcpOptions {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly seq: number;
  readonly ack?: number;
  /** As tcpdump writes them: "S", "S.", "P.", "F.", "R". */
  readonly flags?: string;
  readonly timestamp?: number;
  /** Raw options instead of the time stamp; a multiple of 4 bytes. */
  readonly options?: Uint8Array;
}

export function tcp(o: TcpOptions, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const timestamp = Buffer.from([1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0]);
  timestamp.writeUInt32BE((o.timestamp ?? 0) >>> 0, 4);
  const options = o.options ?? (o.timestamp === undefined ? Buffer.alloc(0) : timestamp);
  const header = Buffer.alloc(20 + options.length);
  header.writeUInt16BE(o.sourcePort, 0);
  header.writeUInt16BE(o.destinationPort, 2);
  header.writeUInt32BE(o.seq >>> 0, 4);
  header.writeUInt32BE((o.ack ?? 0) >>> 0, 8);
  header[12] = (header.length / 4) << 4;
  const bits: Record<string, number> = { F: 1, S: 2, R: 4, P: 8, ".": 16 };
  header[13] = [...(o.flags ?? ".")].reduce((sum, flag) => sum | bits[flag]!, 0);
  header.set(options, 20);
  return concat(header, payload);
}

export function icmp(
  type: number,
  code: number,
  rest: { id?: number; seq?: number; payload?: Uint8Array },
): Buffer {
  const header = Buffer.alloc(8);
  header[0] = type;
  header[1] = code;
  header.writeUInt16BE(rest.id ?? 0, 4);
  header.writeUInt16BE(rest.seq ?? 0, 6);
  return concat(header, rest.payload ?? Buffer.alloc(0));
}

/** ARP for IPv4 over Ethernet, from 02:00:00:00:00:aa. */
export function arp(o: { operation: number; sender: string; target: string }): Buffer {
  const head = [0, 1, 8, 0, 6, 4, 0, o.operation, 2, 0, 0, 0, 0, 0xaa];
  return concat(head, ipBytes(o.sender), [0, 0, 0, 0, 0, 0], ipBytes(o.target));
}

export function ethernet(packet: Uint8Array, options: { vlan?: number; type?: number } = {}): Buffer {
  const type = options.type ?? (packet[0]! >> 4 === 6 ? 0x86dd : 0x0800);
  const tag = options.vlan === undefined ? [] : [0x81, 0x00, options.vlan >> 8, options.vlan & 0xff];
  return concat([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2], tag, [type >> 8, type & 0xff], packet);
}

export function sll(packet: Uint8Array, type = packet[0]! >> 4 === 6 ? 0x86dd : 0x0800): Buffer {
  return concat([0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, type >> 8, type & 0xff], packet);
}

export function sll2(packet: Uint8Array, type = packet[0]! >> 4 === 6 ? 0x86dd : 0x0800): Buffer {
  return concat([type >> 8, type & 0xff, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0], packet);
}

/** An Ethernet frame inside VXLAN, UDP and the outer IP header: an IP packet. */
export function vxlan(
  frame: Uint8Array,
  o: { source: string; destination: string; port?: number; vni?: number },
): Buffer {
  const header = Buffer.alloc(8);
  header[0] = 0x08;
  header.writeUIntBE(o.vni ?? 4096, 4, 3);
  const datagram = udp(50_000, o.port ?? 4789, concat(header, frame));
  return ip({ source: o.source, destination: o.destination, protocol: 17 }, datagram);
}

export interface PcapRecord {
  readonly timeUs: number;
  readonly bytes: Uint8Array;
  /** Default: all of it. */
  readonly snaplenBytes?: number;
}

export interface PcapOptions {
  readonly bigEndian?: boolean;
  readonly nanoseconds?: boolean;
  readonly linktype?: number;
  readonly snaplenBytes?: number;
}

/** A pcap file's bytes. */
export function pcap(records: readonly PcapRecord[], options: PcapOptions = {}): Buffer {
  const put = (buffer: Buffer, value: number, at: number): void => {
    if (options.bigEndian === true) buffer.writeUInt32BE(value >>> 0, at);
    else buffer.writeUInt32LE(value >>> 0, at);
  };
  const header = Buffer.alloc(24);
  put(header, options.nanoseconds === true ? 0xa1b23c4d : 0xa1b2c3d4, 0);
  if (options.bigEndian === true) header[5] = 2;
  else header[4] = 2;
  put(header, options.snaplenBytes ?? 262_144, 16);
  put(header, options.linktype ?? 1, 20);
  const parts: Buffer[] = [header];
  for (const { timeUs, bytes, snaplenBytes = options.snaplenBytes || 262_144 } of records) {
    const kept = bytes.subarray(0, snaplenBytes);
    const head = Buffer.alloc(16);
    const seconds = Math.floor(timeUs / 1e6);
    put(head, seconds, 0);
    put(head, Math.round((timeUs - seconds * 1e6) * (options.nanoseconds === true ? 1000 : 1)), 4);
    put(head, kept.length, 8);
    put(head, bytes.length, 12);
    parts.push(head, Buffer.from(kept));
  }
  return Buffer.concat(parts);
}
