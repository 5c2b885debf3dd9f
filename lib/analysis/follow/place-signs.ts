import { formatMac } from "../dissect/address.js";
import { int32, uint16 } from "../dissect/bytes.js";
import { PACKET_TYPE } from "../dissect/packet.js";
import { checksumOf, outerChecksumOf, type ChecksumState } from "./checksum.js";
import type { Sighting } from "./sightings.js";
import { sightingOf, type HopSource } from "./source.js";

/** Of so many packets of a direction at a place checksums and MACs are looked at. */
const MOST_LOOKED_AT = 16;
const MOST_MACS = 4;
const MOST_KEPT = 4;
const NO_MAC = -1;
/** So many packets back a copy is looked for, and so long. */
const REMEMBERED = 4;
const COPY_US = 1_000_000;

/** How often a sign was seen, of how many packets, and the first that show it. */
export class SignCount {
  count = 0;
  of = 0;
  readonly kept: Sighting[] = [];

  note(source: HopSource, place: number): void {
    this.count++;
    if (this.kept.length < MOST_KEPT) this.kept.push(sightingOf(source, place));
  }
}

interface Remembered {
  first: number;
  second: number;
  ipId: number;
  row: number;
  ttl: number;
  timeUs: number;
  /** How often it came by with a lower TTL than before. */
  returns: number;
}

/** What one place showed of one direction of a flow, beside its packets' number and ways. */
export class PlaceSigns {
  ttlLeast = 255;
  ttlMost = 0;
  readonly sourceMacs: string[] = [];
  readonly destinationMacs: string[] = [];
  /** The last address of each list, as a number: to know it again at once. */
  private lastSourceMac = NO_MAC;
  private lastDestinationMac = NO_MAC;
  readonly duplicates = new SignCount();
  readonly returns = new SignCount();
  readonly checksums = new SignCount();
  readonly outerChecksums = new SignCount();
  /** Of either kind: to be computed yet. */
  readonly unfinished = new SignCount();
  readonly otherHost = new SignCount();
  private readonly remembered: Remembered[] = [];
  private seen = 0;

  note(source: HopSource, place: number, row: number): void {
    const { packet } = source;
    if (packet.ttl < this.ttlLeast) this.ttlLeast = packet.ttl;
    if (packet.ttl > this.ttlMost) this.ttlMost = packet.ttl;
    const isCooked = packet.packetType >= 0;
    this.otherHost.of++;
    if (packet.packetType === PACKET_TYPE.otherHost) this.otherHost.note(source, place);
    this.duplicates.of++;
    this.returns.of++;
    // A capture on all devices shows a packet at each of them.
    if (!isCooked && packet.ipId !== 0 && packet.version === 4) this.compare(source, place, row);
    if (this.seen++ < MOST_LOOKED_AT) this.look(source, place);
  }

  private compare(source: HopSource, place: number, row: number): void {
    const { packet, key, timeUs } = source;
    const { remembered } = this;
    for (const one of remembered) {
      if (one.first !== key.first || one.second !== key.second || one.ipId !== packet.ipId) continue;
      if (one.row !== row || timeUs - one.timeUs > COPY_US) continue;
      if (one.ttl === packet.ttl) this.duplicates.note(source, place);
      else if (packet.ttl < one.ttl) {
        one.ttl = packet.ttl;
        // A router on one line sends a packet back once; a circle does it again and again.
        if (++one.returns > 1) this.returns.note(source, place);
      }
      return;
    }
    const fresh = {
      first: key.first,
      second: key.second,
      ipId: packet.ipId,
      row,
      ttl: packet.ttl,
      timeUs,
      returns: 0,
    };
    if (remembered.length < REMEMBERED) remembered.push(fresh);
    else Object.assign(remembered[(this.seen & 0x7fffffff) % REMEMBERED]!, fresh);
  }

  private look(source: HopSource, place: number): void {
    const { packet, reader } = source;
    const { bytes } = reader;
    const at = { source, place };
    const inner = checksumOf(bytes, packet);
    this.check(this.checksums, inner, at);
    // The outer one is made for what the inner one will be (local checksum offload).
    if (inner !== "unfinished") this.check(this.outerChecksums, outerChecksumOf(bytes, packet), at);
    this.lastSourceMac = noteMac(this.sourceMacs, this.lastSourceMac, { bytes, at: packet.sourceMacAt });
    this.lastDestinationMac = noteMac(this.destinationMacs, this.lastDestinationMac, {
      bytes,
      at: packet.destinationMacAt,
    });
  }

  private check(
    wrong: SignCount,
    state: ChecksumState | null,
    at: { source: HopSource; place: number },
  ): void {
    if (state === null) return;
    wrong.of++;
    this.unfinished.of++;
    if (state === "wrong") wrong.note(at.source, at.place);
    if (state === "unfinished") this.unfinished.note(at.source, at.place);
  }
}

/** Adds an address to a list, and gives it as a number; one that is the last one is not looked for again. */
function noteMac(
  macs: string[],
  last: number,
  { bytes, at }: { readonly bytes: Uint8Array; readonly at: number },
): number {
  if (at < 0) return NO_MAC;
  const mac = uint16(bytes, at) * 2 ** 32 + (int32(bytes, at + 2) >>> 0);
  if (mac === last || macs.length >= MOST_MACS) return mac;
  const text = formatMac(bytes, at);
  if (!macs.includes(text)) macs.push(text);
  return mac;
}
