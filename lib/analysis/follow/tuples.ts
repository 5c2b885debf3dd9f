import { formatIp } from "../dissect/address.js";
import { PROTOCOL, type Packet } from "../dissect/packet.js";

const FIRST_CAPACITY = 1024;
const NONE = -1;
const MOST_TEXTS = 1 << 14;

/** One end of a conversation, as it stands in packets. */
export interface TupleEnd {
  readonly ip: string;
  /** null where the protocol has none. */
  readonly port: number | null;
}

/**
 * Pairs of ends that packets go between: addresses, protocol, ports (of pings: the echo identifier), both directions in
 * one row. A hash table of typed arrays; a row is a number. End A is the numerically lower one.
 */
export class Tuples {
  /** Index of the row's connection; -1: none yet. */
  connection: Int32Array;
  /** 1 where A is the client. */
  clientIsA: Uint8Array;
  /** Sets of places that show packets from A, and from B. */
  fromASet: Int32Array;
  fromBSet: Int32Array;
  /** Of the last `locate`: whether the packet comes from A. */
  fromA = true;
  size = 0;

  private readonly texts = new Map<number, string>();
  private words: Int32Array;
  private ports: Int32Array;
  private kind: Int32Array;
  private hashes: Int32Array;
  private next: Int32Array;
  private buckets: Int32Array;
  private free = NONE;
  private used = 0;
  private capacity = FIRST_CAPACITY;

  constructor() {
    const rows = this.capacity;
    this.connection = new Int32Array(rows);
    this.clientIsA = new Uint8Array(rows);
    this.fromASet = new Int32Array(rows);
    this.fromBSet = new Int32Array(rows);
    this.words = new Int32Array(rows * 8);
    this.ports = new Int32Array(rows);
    this.kind = new Int32Array(rows);
    this.hashes = new Int32Array(rows);
    this.next = new Int32Array(rows);
    this.buckets = new Int32Array(rows * 2).fill(NONE);
  }

  /** The row of a packet's ends, made where there is none; `fromA` says which way it goes. */
  locate(packet: Packet): number {
    const row = this.look(packet);
    return row === NONE ? this.insert(packet) : row;
  }

  /** As `locate`; -1 where there is none. */
  look(packet: Packet): number {
    const isEcho = packet.icmpType >= 0;
    const sourcePort = isEcho ? packet.icmpId : packet.sourcePort;
    const destinationPort = isEcho ? packet.icmpId : packet.destinationPort;
    const fromA = isLower(packet, sourcePort, destinationPort);
    this.fromA = fromA;
    const a0 = fromA ? packet.source0 : packet.destination0;
    const b0 = fromA ? packet.destination0 : packet.source0;
    const ports = fromA ? (sourcePort << 16) | destinationPort : (destinationPort << 16) | sourcePort;
    const kind = (packet.version << 8) | packet.protocol;
    let hash = Math.imul(a0 ^ Math.imul(b0, 0x9e3779b1), 0x85ebca6b) ^ Math.imul(ports ^ kind, 0xc2b2ae35);
    if (packet.version === 6) {
      const a3 = fromA ? packet.source3 : packet.destination3;
      const b3 = fromA ? packet.destination3 : packet.source3;
      hash ^= Math.imul(a3 ^ Math.imul(b3, 0x27d4eb2f), 0x165667b1);
    }
    hash ^= hash >>> 15;
    this.wantedHash = hash;
    this.wantedPorts = ports;
    for (let row = this.buckets[hash & (this.buckets.length - 1)]!; row !== NONE; row = this.next[row]!) {
      if (this.hashes[row] !== hash || this.ports[row] !== ports || this.kind[row] !== kind) continue;
      if (this.words[row * 8] === a0 && this.words[row * 8 + 4] === b0 && this.restMatches(row, packet))
        return row;
    }
    return NONE;
  }

  private wantedHash = 0;
  private wantedPorts = 0;

  /** The end that packets from A, or from B, come from. */
  end(row: number, isA: boolean): TupleEnd {
    const at = row * 8 + (isA ? 0 : 4);
    const version = this.kind[row]! >> 8;
    const protocol = this.kind[row]! & 0xff;
    const ports = this.ports[row]!;
    const hasPorts = protocol === PROTOCOL.tcp || protocol === PROTOCOL.udp;
    return {
      ip:
        version === 4
          ? this.textOf(this.words[at]!)
          : formatIp(version, [...this.words.subarray(at, at + 4)]),
      port: hasPorts ? (isA ? ports >>> 16 : ports & 0xffff) : null,
    };
  }

  client(row: number): TupleEnd {
    return this.end(row, this.clientIsA[row] === 1);
  }

  server(row: number): TupleEnd {
    return this.end(row, this.clientIsA[row] !== 1);
  }

  /** Whether an end of one row is an end of another. */
  isSameEnd(row: number, isA: boolean, other: number, otherIsA: boolean): boolean {
    const [at, otherAt] = [row * 8 + (isA ? 0 : 4), other * 8 + (otherIsA ? 0 : 4)];
    for (let word = 0; word < 4; word++)
      if (this.words[at + word] !== this.words[otherAt + word]) return false;
    return this.portOf(row, isA) === this.portOf(other, otherIsA);
  }

  /** Whether two rows are between the same addresses, whatever the ports: A's is the lower one in both. */
  hasSameAddresses(row: number, other: number): boolean {
    for (let word = 0; word < 8; word++)
      if (this.words[row * 8 + word] !== this.words[other * 8 + word]) return false;
    return true;
  }

  /** An IPv4 address as text, which many rows have. */
  private textOf(word: number): string {
    let text = this.texts.get(word);
    if (text !== undefined) return text;
    text = formatIp(4, [word]);
    if (this.texts.size < MOST_TEXTS) this.texts.set(word, text);
    return text;
  }

  private portOf(row: number, isA: boolean): number {
    return isA ? this.ports[row]! >>> 16 : this.ports[row]! & 0xffff;
  }

  protocol(row: number): number {
    return this.kind[row]! & 0xff;
  }

  remove(row: number): void {
    const bucket = this.hashes[row]! & (this.buckets.length - 1);
    let at = this.buckets[bucket]!;
    if (at === row) this.buckets[bucket] = this.next[row]!;
    else {
      while (this.next[at] !== row) at = this.next[at]!;
      this.next[at] = this.next[row]!;
    }
    this.next[row] = this.free;
    this.free = row;
    this.size--;
  }

  private insert(packet: Packet): number {
    const row = this.take();
    const { fromA } = this;
    const at = row * 8;
    const [a, b] = fromA ? [at, at + 4] : [at + 4, at];
    this.words[a] = packet.source0;
    this.words[a + 1] = packet.source1;
    this.words[a + 2] = packet.source2;
    this.words[a + 3] = packet.source3;
    this.words[b] = packet.destination0;
    this.words[b + 1] = packet.destination1;
    this.words[b + 2] = packet.destination2;
    this.words[b + 3] = packet.destination3;
    this.ports[row] = this.wantedPorts;
    this.kind[row] = (packet.version << 8) | packet.protocol;
    this.hashes[row] = this.wantedHash;
    this.connection[row] = NONE;
    this.fromASet[row] = 0;
    this.fromBSet[row] = 0;
    this.chain(row);
    this.size++;
    return row;
  }

  private restMatches(row: number, packet: Packet): boolean {
    if (packet.version !== 6) return true;
    const at = row * 8;
    const [a, b] = this.fromA ? [at, at + 4] : [at + 4, at];
    const { words } = this;
    return (
      words[a + 1] === packet.source1 &&
      words[a + 2] === packet.source2 &&
      words[a + 3] === packet.source3 &&
      words[b + 1] === packet.destination1 &&
      words[b + 2] === packet.destination2 &&
      words[b + 3] === packet.destination3
    );
  }

  private take(): number {
    if (this.free !== NONE) {
      const row = this.free;
      this.free = this.next[row]!;
      return row;
    }
    if (this.used === this.capacity) this.grow();
    return this.used++;
  }

  private chain(row: number): void {
    const bucket = this.hashes[row]! & (this.buckets.length - 1);
    this.next[row] = this.buckets[bucket]!;
    this.buckets[bucket] = row;
  }

  private grow(): void {
    this.capacity *= 2;
    const rows = this.capacity;
    this.connection = copyInto(new Int32Array(rows), this.connection);
    this.clientIsA = copyInto(new Uint8Array(rows), this.clientIsA);
    this.fromASet = copyInto(new Int32Array(rows), this.fromASet);
    this.fromBSet = copyInto(new Int32Array(rows), this.fromBSet);
    this.words = copyInto(new Int32Array(rows * 8), this.words);
    this.ports = copyInto(new Int32Array(rows), this.ports);
    this.kind = copyInto(new Int32Array(rows), this.kind);
    this.hashes = copyInto(new Int32Array(rows), this.hashes);
    this.next = new Int32Array(rows);
    this.buckets = new Int32Array(rows * 2).fill(NONE);
    // It grows only when no row is free, so all of them are in use.
    for (let row = 0; row < this.used; row++) this.chain(row);
  }
}

function isLower(packet: Packet, sourcePort: number, destinationPort: number): boolean {
  if (packet.source0 !== packet.destination0) return packet.source0 < packet.destination0;
  if (packet.source1 !== packet.destination1) return packet.source1 < packet.destination1;
  if (packet.source2 !== packet.destination2) return packet.source2 < packet.destination2;
  if (packet.source3 !== packet.destination3) return packet.source3 < packet.destination3;
  return sourcePort <= destinationPort;
}

function copyInto<T extends Int32Array | Uint8Array>(to: T, from: T): T {
  to.set(from);
  return to;
}
