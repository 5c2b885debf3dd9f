import { REQUEST } from "./ends.js";
import { NONE } from "./flight.js";
import type { Rejection } from "./rejections.js";
import type { Talk } from "./talk.js";
import type { TcpSigns } from "./tcp-signs.js";
import { TcpStory } from "./tcp-story.js";

/** A TCP connection, or what has the same pair of ends in another protocol; with all that it was translated to. */
export class Connection {
  /** Rows of `Tuples`: the ends as its packets show them, before and behind each translation. */
  rows: readonly number[] = [];
  /** The row with which its first request was seen; -1 before that. */
  front = NONE;
  /** Index of its flow, settled when the first of its packets is judged: by then its translations are known. */
  flow = NONE;
  /** Its index in `Connections`. */
  index = NONE;
  inFlight = 0;
  lastUs: number;
  readonly story = new TcpStory();
  /** The newest packet in flight, by direction. */
  readonly newest: [number, number] = [NONE, NONE];
  /** The place where packets of a direction begin to show; -1 before the first. */
  readonly base: [number, number] = [NONE, NONE];
  readonly orphans: [number, number] = [0, 0];
  /** By direction: the first sequence number (NaN before it), and the highest position so far. */
  readonly firstSequence: [number, number] = [NaN, NaN];
  readonly highest: [number, number] = [0, 0];
  isFragmented = false;
  rejections: Rejection[] | null = null;
  /** The place that showed it first: there it is listened to. */
  heardAt = NONE;
  talk: Talk | null = null;
  signs: TcpSigns | null = null;

  constructor(
    /** Index of the flow of interest it belongs to; -1: none. */
    readonly target: number,
    /** False where it goes between that flow's ends and is somebody else's. */
    readonly isOwn: boolean,
    readonly firstUs: number,
  ) {
    this.lastUs = firstUs;
  }

  /** A sequence number as a position that does not wrap at 4 GiB, counted from the direction's first. */
  unwrap(sequence: number, direction: 0 | 1): number {
    const first = this.firstSequence[direction];
    if (Number.isNaN(first)) {
      this.firstSequence[direction] = sequence;
      return 0;
    }
    const relative = (sequence - first) | 0;
    const reference = this.highest[direction];
    return reference + ((relative - (reference | 0)) | 0);
  }

  /** Whether a SYN on the same ports begins another connection. */
  isAnotherSyn(sequence: number): boolean {
    const first = this.firstSequence[REQUEST];
    return !Number.isNaN(first) && first !== sequence;
  }
}
