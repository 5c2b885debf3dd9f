import { formatIp } from "../../dissect/address.js";
import { ICMP } from "../../dissect/icmp.js";
import { ICMPV6 } from "../../dissect/icmpv6.js";
import { PROTOCOL, type Packet } from "../../dissect/packet.js";
import { copyInto } from "./columns.js";
import { Numbering } from "./numbering.js";

const FIRST_CAPACITY = 1024;
const NONE = -1;
/** Words of a row: one line of memory, so that each packet touches no other. A's address, B's, and: */
const ROW = 16;
const [A, B, PORTS, KIND, HASH, NEXT, CONNECTION, CLIENT, FROM_A, FROM_B] = [
  0, 4, 8, 9, 10, 11, 12, 13, 14, 15,
] as const;

/** Of pings, in KIND: two ends that ping each other may well choose one identifier. */
const ASKED_BY_B = 1 << 16;
const MOST_TEXTS = 1 << 14;
/** Address, version, port. */
const END_WORDS = 6;
/** More than all flows that are told apart can have. */
const MOST_ENDS = 1 << 19;

/** One end of a conversation, as it stands in packets. */
export interface TupleEnd {
  readonly ip: string;
  /** null where the protocol has none. */
  readonly port: number | null;
}

/**
 * Pairs of ends that packets go between: addresses, protocol, ports (of pings: the echo identifier, and who asks), both
 * directions in one row. A hash table of typed arrays; a row is a number. End A is the numerically lower one.
 */
export class Tuples {
  /** Of the last `locate`: whether the packet comes from A. */
  fromA = true;
  size = 0;
  private readonly ends = new Numbering(END_WORDS, MOST_ENDS);
  private readonly texts = new Map<number, string>();
  private words = new Int32Array(FIRST_CAPACITY * ROW);
  private buckets = new Int32Array(FIRST_CAPACITY * 2).fill(NONE);
  private free = NONE;
  private used = 0;
  private capacity = FIRST_CAPACITY;

  /** Index of a row's connection; -1: none yet. */
  connectionOf(row: number): number {
    return this.words[row * ROW + CONNECTION]!;
  }

  connect(row: number, connection: number): void {
    this.words[row * ROW + CONNECTION] = connection;
  }

  /** Whether A is the client. */
  clientIsA(row: number): boolean {
    return this.words[row * ROW + CLIENT] === 1;
  }

  setClient(row: number, isA: boolean): void {
    this.words[row * ROW + CLIENT] = isA ? 1 : 0;
  }

  /** The set of places that show packets from A, or from B. */
  placesOf(row: number, fromA: boolean): number {
    return this.words[row * ROW + (fromA ? FROM_A : FROM_B)]!;
  }

  setPlaces(row: number, fromA: boolean, set: number): void {
    this.words[row * ROW + (fromA ? FROM_A : FROM_B)] = set;
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
    const kind = (packet.version << 8) | packet.protocol | (isAskedByB(packet, fromA) ? ASKED_BY_B : 0);
    let hash = Math.imul(a0 ^ Math.imul(b0, 0x9e3779b1), 0x85ebca6b) ^ Math.imul(ports ^ kind, 0xc2b2ae35);
    if (packet.version === 6) {
      const a3 = fromA ? packet.source3 : packet.destination3;
      const b3 = fromA ? packet.destination3 : packet.source3;
      hash ^= Math.imul(a3 ^ Math.imul(b3, 0x27d4eb2f), 0x165667b1);
    }
    hash ^= hash >>> 15;
    this.wantedHash = hash;
    this.wantedPorts = ports;
    this.wantedKind = kind;
    const { words } = this;
    for (let row = this.buckets[hash & (this.buckets.length - 1)]!; row !== NONE;) {
      const at = row * ROW;
      if (
        words[at + HASH] === hash &&
        words[at + PORTS] === ports &&
        words[at + KIND] === kind &&
        words[at + A] === a0 &&
        words[at + B] === b0 &&
        this.restMatches(at, packet)
      )
        return row;
      row = words[at + NEXT]!;
    }
    return NONE;
  }

  private wantedHash = 0;
  private wantedPorts = 0;
  private wantedKind = 0;

  /** The end that packets from A, or from B, come from. */
  end(row: number, isA: boolean): TupleEnd {
    return { ip: this.ipOf(row, isA), port: this.namedPort(row, isA) };
  }

  client(row: number): TupleEnd {
    return this.end(row, this.clientIsA(row));
  }

  server(row: number): TupleEnd {
    return this.end(row, !this.clientIsA(row));
  }

  /** A number that an end has wherever it stands, and no other one; without its port that of the address. -1: too many. */
  endNumber(row: number, isA: boolean, withPort: boolean): number {
    const { words, ends } = this;
    const at = row * ROW + (isA ? A : B);
    const { key } = ends;
    for (let word = 0; word < 4; word++) key[word] = words[at + word]!;
    key[4] = this.version(row);
    key[5] = withPort ? (this.namedPort(row, isA) ?? NONE) : NONE;
    return ends.of();
  }

  clientPort(row: number): number | null {
    return this.namedPort(row, this.clientIsA(row));
  }

  /** Whether an end of one row is an end of another. */
  isSameEnd(row: number, isA: boolean, other: number, otherIsA: boolean): boolean {
    const [at, otherAt] = [row * ROW + (isA ? A : B), other * ROW + (otherIsA ? A : B)];
    for (let word = 0; word < 4; word++)
      if (this.words[at + word] !== this.words[otherAt + word]) return false;
    return this.portOf(row, isA) === this.portOf(other, otherIsA);
  }

  /** Whether two rows are between the same addresses, whatever the ports: A's is the lower one in both. */
  hasSameAddresses(row: number, other: number): boolean {
    for (let word = 0; word < 8; word++)
      if (this.words[row * ROW + word] !== this.words[other * ROW + word]) return false;
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
    const ports = this.words[row * ROW + PORTS]!;
    return isA ? ports >>> 16 : ports & 0xffff;
  }

  private version(row: number): number {
    return (this.words[row * ROW + KIND]! >> 8) & 0xff;
  }

  protocol(row: number): number {
    return this.words[row * ROW + KIND]! & 0xff;
  }

  remove(row: number): void {
    const { words } = this;
    const bucket = words[row * ROW + HASH]! & (this.buckets.length - 1);
    const next = words[row * ROW + NEXT]!;
    let at = this.buckets[bucket]!;
    if (at === row) this.buckets[bucket] = next;
    else {
      while (words[at * ROW + NEXT] !== row) at = words[at * ROW + NEXT]!;
      words[at * ROW + NEXT] = next;
    }
    words[row * ROW + NEXT] = this.free;
    this.free = row;
    this.size--;
  }

  private ipOf(row: number, isA: boolean): string {
    const { words } = this;
    const at = row * ROW + (isA ? A : B);
    const version = this.version(row);
    if (version === 4) return this.textOf(words[at]!);
    return formatIp(version, [...words.subarray(at, at + 4)]);
  }

  /** null where the protocol has none. */
  private namedPort(row: number, isA: boolean): number | null {
    const protocol = this.protocol(row);
    return protocol === PROTOCOL.tcp || protocol === PROTOCOL.udp ? this.portOf(row, isA) : null;
  }

  private insert(packet: Packet): number {
    const row = this.take();
    const { words, fromA } = this;
    const at = row * ROW;
    const [a, b] = fromA ? [at + A, at + B] : [at + B, at + A];
    words[a] = packet.source0;
    words[a + 1] = packet.source1;
    words[a + 2] = packet.source2;
    words[a + 3] = packet.source3;
    words[b] = packet.destination0;
    words[b + 1] = packet.destination1;
    words[b + 2] = packet.destination2;
    words[b + 3] = packet.destination3;
    words[at + PORTS] = this.wantedPorts;
    words[at + KIND] = this.wantedKind;
    words[at + HASH] = this.wantedHash;
    words[at + CONNECTION] = NONE;
    words[at + FROM_A] = 0;
    words[at + FROM_B] = 0;
    this.chain(row);
    this.size++;
    return row;
  }

  /** Of an address of which the first word is compared already. */
  private restMatches(at: number, packet: Packet): boolean {
    if (packet.version !== 6) return true;
    const [a, b] = this.fromA ? [at + A, at + B] : [at + B, at + A];
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
      this.free = this.words[row * ROW + NEXT]!;
      return row;
    }
    if (this.used === this.capacity) this.grow();
    return this.used++;
  }

  private chain(row: number): void {
    const { words, buckets } = this;
    const bucket = words[row * ROW + HASH]! & (buckets.length - 1);
    words[row * ROW + NEXT] = buckets[bucket]!;
    buckets[bucket] = row;
  }

  private grow(): void {
    this.capacity *= 2;
    this.words = copyInto(new Int32Array(this.capacity * ROW), this.words);
    this.buckets = new Int32Array(this.capacity * 2).fill(NONE);
    // It grows only when no row is free, so all of them are in use.
    for (let row = 0; row < this.used; row++) this.chain(row);
  }
}

function isAskedByB({ version, icmpType }: Packet, fromA: boolean): boolean {
  if (icmpType < 0) return false;
  const { echoRequest, echoReply } = version === 6 ? ICMPV6 : ICMP;
  return icmpType === (fromA ? echoReply : echoRequest);
}

function isLower(packet: Packet, sourcePort: number, destinationPort: number): boolean {
  if (packet.source0 !== packet.destination0) return packet.source0 < packet.destination0;
  if (packet.source1 !== packet.destination1) return packet.source1 < packet.destination1;
  if (packet.source2 !== packet.destination2) return packet.source2 < packet.destination2;
  if (packet.source3 !== packet.destination3) return packet.source3 < packet.destination3;
  return sourcePort <= destinationPort;
}
