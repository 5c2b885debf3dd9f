import { dissectQuote } from "../dissect/dissect.js";
import { nameIcmp } from "../dissect/icmp-names.js";
import { Packet } from "../dissect/packet.js";
import { sourceOf } from "../dissect/summarise.js";
import type { Sighting } from "./connections.js";
import { NEITHER, type FlowEnds } from "./ends.js";
import { isOurs, type Identity } from "./identity.js";
import type { HopSource } from "./source.js";

const MOST_KINDS = 64;

/** ICMP errors of one kind from one sender about the flow's own packets. */
export interface Rejection {
  /** Direction of the packets that were refused: 0 requests, 1 replies. */
  readonly direction: number;
  readonly ip: string;
  /** "ICMP port unreachable". */
  readonly how: string;
  /** By hop. */
  readonly counts: number[];
  /** The first sighting at each hop that showed it. */
  readonly sightings: Sighting[];
}

/** Collects ICMP errors that quote the flow's packets. */
export class RejectionLog {
  readonly own: Rejection[] = [];
  /** Errors about other conversations between the same ends. */
  others = 0;
  private readonly quoted = new Packet();

  constructor(
    private readonly ends: FlowEnds,
    private readonly identity: Identity,
    private readonly hopCount: number,
  ) {}

  note(source: HopSource, hop: number): void {
    const { packet, reader, kind } = source;
    if (!dissectQuote(reader.bytes, packet, kind.tunnels, this.quoted)) return;
    const direction = this.ends.directionOf(this.quoted);
    if (direction === NEITHER) return;
    if (!isOurs(this.identity.ownership(this.quoted, reader.bytes, direction))) {
      this.others++;
      return;
    }
    const rejection = this.find(direction, sourceOf(packet), nameIcmp(packet));
    if (rejection === undefined) return;
    if (rejection.counts[hop] === 0)
      rejection.sightings.push({
        source: hop,
        timeUs: source.timeUs,
        frame: reader.frame,
        recordOffset: reader.recordOffset,
      });
    rejection.counts[hop]!++;
  }

  private find(direction: number, ip: string, how: string): Rejection | undefined {
    const known = this.own.find((one) => one.direction === direction && one.ip === ip && one.how === how);
    if (known !== undefined || this.own.length >= MOST_KINDS) return known;
    const fresh: Rejection = {
      direction,
      ip,
      how,
      counts: new Array<number>(this.hopCount).fill(0),
      sightings: [],
    };
    this.own.push(fresh);
    return fresh;
  }
}
