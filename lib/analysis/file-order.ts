import { openDevice } from "../packets/device.js";
import type { CaptureReader } from "../packets/reader.js";
import { USUAL_OPENERS } from "../wire/open.js";
import { dissectFrame } from "./dissect/dissect.js";
import { ICMP } from "./dissect/icmp.js";
import { ICMPV6 } from "./dissect/icmpv6.js";
import { Packet, PROTOCOL, STOP } from "./dissect/packet.js";
import { destinationOf, sourceOf } from "./dissect/summarise.js";
import { DATAGRAM_BYTES, PacketKey } from "./follow/key.js";
import { topologicalOrder, type Order } from "./topological-order.js";

/** The order shows in the first packets; all pairs of files are compared. */
const MOST_RECORDS = 4_000;
const MOST_FILES = 64;
/** So many packets show the order of whole files. */
const ENOUGH_FOR_ORDER = 4_096;
const ALL_BITS = -1;
/** So many in a hundred of the packets that two files share have to agree. */
const AGREEMENT = 0.8;

/** A file, or one of the devices in it. */
export interface FilePlace {
  readonly path: string;
  readonly device: number | null;
}

/** A packet at one place. */
export interface Sighting {
  /** Index of the place. */
  readonly file: number;
  readonly path: string;
  readonly frame: number;
  readonly timeUs: number;
  readonly ttl: number;
  readonly source: string;
  readonly destination: string;
  readonly isRequest: boolean;
}

/**
 * The order in which packets pass the captures, as indices of `files`, by their TTL, and by time where that stays: null
 * where the given order, or its reverse, fits what the packets show, or where they show none. Between two clocks time
 * counts by both directions together, so that what one is ahead of the other takes itself out. Throws what opening a capture
 * throws.
 */
export function findFileOrder(files: readonly string[]): Order | null {
  if (files.length < 2 || files.length > MOST_FILES) return null;
  const places = files.map((path) => ({ path, device: null }));
  const before = compareOnWay(readSightings(places, ENOUGH_FOR_ORDER), files.length);
  const fits = (order: readonly number[]): boolean =>
    order.every((file, at) => order.slice(at + 1).every((later) => before[later]?.[file] !== true));
  const given = files.map((_, index) => index);
  if (fits(given) || fits([...given].reverse())) return null;
  return topologicalOrder(before);
}

/** Entry `[a][b]`: true where packets pass place a before place b, on the way of who asks most. */
export function compareOnWay(
  seen: Iterable<readonly Sighting[]>,
  count: number,
): readonly (readonly boolean[])[] {
  const packets = [...seen].filter((one) => one.length > 1);
  return comparePairs(packets, { pivot: findPivot(packets), count });
}

/**
 * The first packets at each place, by packet, which has been seen in the order of the places. Where there are more than `most`
 * it is a sample of them, each with all places that showed it, of each place as many as it has.
 */
export function readSightings(
  files: readonly FilePlace[],
  most: number,
): Iterable<readonly [Sighting, ...Sighting[]]> {
  const sample = new Sample(most);
  const packet = new Packet();
  const key = new PacketKey(DATAGRAM_BYTES);
  for (const [file, { path, device }] of files.entries()) {
    const reader = openDevice(path, path, device);
    try {
      for (let records = 0; records < MOST_RECORDS && moveOn(reader); records++) {
        dissectFrame(reader.bytes, reader, { tunnels: USUAL_OPENERS }, packet);
        if (packet.stop !== STOP.none) continue;
        key.compute(packet, reader.bytes);
        if (!key.isStrong || !sample.takes(key)) continue;
        const { frame, timeUs } = reader;
        const [source, destination] = [sourceOf(packet), destinationOf(packet)];
        // Not spread together, which would take six times the memory.
        const { ttl } = packet;
        sample.add(key, {
          file,
          path,
          frame,
          timeUs,
          ttl,
          source,
          destination,
          isRequest: isRequest(packet),
        });
      }
    } finally {
      reader.close();
    }
  }
  return sample.packets;
}

/** Packets chosen by their contents, so that all places choose the same: half as many each time that there are too many. */
class Sample {
  private readonly all = new Map<string, [Sighting, ...Sighting[]]>();
  private mask = 0;

  constructor(private readonly most: number) {}

  get packets(): Iterable<readonly [Sighting, ...Sighting[]]> {
    return this.all.values();
  }

  takes({ first }: PacketKey): boolean {
    return (first & this.mask) === 0;
  }

  add(key: PacketKey, seen: Sighting): void {
    const name = `${key.first} ${key.second}`;
    const known = this.all.get(name);
    // What one file has twice passes it twice: the first time is nearest to where it came from. Files are read one by one.
    if (known !== undefined) {
      if (known.at(-1)!.file !== seen.file) known.push(seen);
      return;
    }
    // At most as often as the mask has bits: who made the packets may have chosen what they hash to.
    if (this.mask !== ALL_BITS && this.all.size >= this.most) this.halve();
    if (this.all.size < this.most && this.takes(key)) this.all.set(name, [seen]);
  }

  private halve(): void {
    this.mask = (this.mask << 1) | 1;
    for (const name of this.all.keys())
      if ((Number.parseInt(name, 10) & this.mask) !== 0) this.all.delete(name);
  }
}

/** A damaged file ends where the damage begins; who analyzes it says so. */
function moveOn(reader: CaptureReader): boolean {
  try {
    return reader.next();
  } catch {
    return false;
  }
}

function isRequest({ protocol, icmpType, sourcePort, destinationPort }: Packet): boolean {
  if (protocol === PROTOCOL.icmp) return icmpType === ICMP.echoRequest;
  if (protocol === PROTOCOL.icmpv6) return icmpType === ICMPV6.echoRequest;
  return sourcePort > destinationPort;
}

/** The address that asks most: what comes from it goes one way, what goes to it the other one. */
function findPivot(packets: readonly (readonly Sighting[])[]): string {
  const counts = new Map<string, number>();
  for (const seen of packets)
    for (const { source, isRequest: asks } of seen)
      if (asks) counts.set(source, (counts.get(source) ?? 0) + 1);
  return [...counts].reduce((most, one) => (one[1] > most[1] ? one : most), ["", 0] as const)[0];
}

interface Votes {
  /** By TTL: how many say that the first file comes first, and the second one. */
  ttl: [number, number];
  /** How much later the second file shows packets from the pivot, and how much earlier those to it; µs. */
  readonly forth: number[];
  readonly back: number[];
}

/** Entry `[a][b]`: true where packets from the pivot pass file a before file b. */
function comparePairs(
  packets: readonly (readonly Sighting[])[],
  { pivot, count }: { readonly pivot: string; readonly count: number },
): readonly (readonly boolean[])[] {
  const votes = new Map<number, Votes>();
  for (const seen of packets) {
    const isForth = seen.some(({ source }) => source === pivot);
    if (!isForth && !seen.some(({ destination }) => destination === pivot)) continue;
    for (let at = 0; at < seen.length; at++)
      for (let next = at + 1; next < seen.length; next++) {
        const [a, b] = [seen[at]!, seen[next]!];
        const pair = votes.get(a.file * count + b.file) ?? { ttl: [0, 0], forth: [], back: [] };
        votes.set(a.file * count + b.file, pair);
        if (a.ttl !== b.ttl) pair.ttl[a.ttl > b.ttl === isForth ? 0 : 1] += 1;
        (isForth ? pair.forth : pair.back).push(isForth ? later(a, b) : later(b, a));
      }
  }
  const before = Array.from({ length: count }, () => new Array<boolean>(count).fill(false));
  for (const [key, pair] of votes) {
    const [a, b] = [Math.floor(key / count), key % count];
    const verdict = judge(pair);
    if (verdict > 0) before[a]![b] = true;
    if (verdict < 0) before[b]![a] = true;
  }
  return before;
}

/** How much later the second one is: µs; within one file, packets. */
function later(a: Sighting, b: Sighting): number {
  return a.path === b.path ? b.frame - a.frame : b.timeUs - a.timeUs;
}

/** More than 0: the first file comes first; 0: the packets do not say. */
function judge({ ttl, forth, back }: Votes): number {
  const [first, second] = ttl;
  if (first + second > 0) return Math.max(first, second) >= AGREEMENT * (first + second) ? first - second : 0;
  const [there, home] = [median(forth), median(back)];
  if (there !== null && home !== null) return there + home;
  const all = [...forth, ...back];
  const positive = all.filter((time) => time > 0).length;
  const negative = all.filter((time) => time < 0).length;
  return Math.max(positive, negative) >= AGREEMENT * all.length ? positive - negative : 0;
}

/** null of none. */
function median(values: readonly number[]): number | null {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? null;
}
