import { append } from "./tables/append.js";
import { PACKET_TYPE } from "../dissect/packet.js";
import { checksumOf, outerChecksumOf, type ChecksumState } from "./checksum.js";
import type { MacTexts } from "./tables/mac-texts.js";
import { COMES, type RecentPackets } from "./tables/recent.js";
import type { Sighting, SightingPool } from "./sightings.js";
import type { HopSource } from "./source.js";

/** Of so many packets of a direction at a place checksums and MACs are looked at. */
const MOST_LOOKED_AT = 16;
const MOST_MACS = 4;
const MOST_KEPT = 4;
const NOTHING: readonly never[] = [];

/** How often a sign was seen, of how many packets, and the first that show it. */
export interface SignCount {
  readonly count: number;
  readonly of: number;
  readonly kept: readonly Sighting[];
}

/** A sign that was seen; most never are. */
interface Seen {
  count: number;
  /** The newest of those that are kept, in `SignsMemory.sightings`. */
  newest: number;
}

/** What the signs of all places have in common. */
export interface SignsMemory {
  readonly recent: RecentPackets;
  readonly macs: MacTexts;
  readonly sightings: SightingPool;
}

/** What one place showed of one direction of a flow, beside its packets' number and ways. There are tens of thousands. */
export class PlaceSigns {
  ttlLeast = 255;
  ttlMost = 0;
  sourceMacs: readonly string[] = NOTHING;
  destinationMacs: readonly string[] = NOTHING;
  private packets = 0;
  private summed = 0;
  private summedOutside = 0;
  /** Its packets in `memory.recent`; -1 before the first one. */
  private list = -1;
  private doubled: Seen | null = null;
  private returned: Seen | null = null;
  private wrong: Seen | null = null;
  private wrongOutside: Seen | null = null;
  private unready: Seen | null = null;
  private misled: Seen | null = null;

  constructor(private readonly memory: SignsMemory) {}

  get duplicates(): SignCount {
    return this.countOf(this.doubled, this.packets);
  }
  get returns(): SignCount {
    return this.countOf(this.returned, this.packets);
  }
  get checksums(): SignCount {
    return this.countOf(this.wrong, this.summed);
  }
  get outerChecksums(): SignCount {
    return this.countOf(this.wrongOutside, this.summedOutside);
  }
  /** Of either kind: to be computed yet. */
  get unfinished(): SignCount {
    return this.countOf(this.unready, this.summed + this.summedOutside);
  }
  get otherHost(): SignCount {
    return this.countOf(this.misled, this.packets);
  }

  note(source: HopSource, place: number, row: number): void {
    const { packet } = source;
    if (packet.ttl < this.ttlLeast) this.ttlLeast = packet.ttl;
    if (packet.ttl > this.ttlMost) this.ttlMost = packet.ttl;
    const isCooked = packet.packetType >= 0;
    if (packet.packetType === PACKET_TYPE.otherHost) this.misled = this.add(this.misled, source, place);
    // A capture on all devices shows a packet at each of them.
    if (!isCooked && packet.ipId !== 0 && packet.version === 4) this.compare(source, place, row);
    if (this.packets < MOST_LOOKED_AT) this.look(source, place);
    this.packets++;
  }

  private compare(source: HopSource, place: number, row: number): void {
    const { recent } = this.memory;
    if (this.list < 0) this.list = recent.open();
    const comes = recent.note(this.list, source, row);
    if (comes === COMES.again) this.doubled = this.add(this.doubled, source, place);
    if (comes === COMES.back) this.returned = this.add(this.returned, source, place);
  }

  private look(source: HopSource, place: number): void {
    const { packet, reader } = source;
    const { bytes } = reader;
    const { macs } = this.memory;
    const inner = checksumOf(bytes, packet);
    if (inner !== null) this.summed++;
    if (inner === "wrong") this.wrong = this.add(this.wrong, source, place);
    // The outer one is made for what the inner one will be (local checksum offload).
    const outer: ChecksumState | null = inner === "unfinished" ? null : outerChecksumOf(bytes, packet);
    if (outer !== null) this.summedOutside++;
    if (outer === "wrong") this.wrongOutside = this.add(this.wrongOutside, source, place);
    if (inner === "unfinished" || outer === "unfinished")
      this.unready = this.add(this.unready, source, place);
    if (packet.sourceMacAt >= 0)
      this.sourceMacs = addMac(this.sourceMacs, macs.at(bytes, packet.sourceMacAt));
    if (packet.destinationMacAt >= 0)
      this.destinationMacs = addMac(this.destinationMacs, macs.at(bytes, packet.destinationMacAt));
  }

  private add(known: Seen | null, { reader, timeUs }: HopSource, place: number): Seen {
    const seen = known ?? { count: 0, newest: -1 };
    if (seen.count++ >= MOST_KEPT) return seen;
    const { sightings } = this.memory;
    const at = sightings.push(seen.newest);
    sightings.place[at] = place;
    sightings.timeUs[at] = timeUs;
    sightings.frame[at] = reader.frame;
    sightings.recordOffset[at] = reader.recordOffset;
    seen.newest = at;
    return seen;
  }

  private countOf(seen: Seen | null, of: number): SignCount {
    if (seen === null) return { count: 0, of, kept: NOTHING };
    return { count: seen.count, of, kept: this.memory.sightings.list(seen.newest) };
  }
}

function addMac(macs: readonly string[], fresh: readonly [string]): readonly string[] {
  if (macs.length === 0) return fresh;
  return macs.length >= MOST_MACS || macs.includes(fresh[0]) ? macs : append(macs, fresh[0]);
}
