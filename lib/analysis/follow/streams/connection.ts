import { REQUEST } from "../ends.js";
import { NONE } from "../flight.js";
import type { Rejection } from "../rejections.js";
import type { Talk } from "../talks/talk.js";
import type { TcpSigns } from "./tcp-signs.js";
import { Stream } from "./stream.js";
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
  /** By direction. */
  readonly streams = [new Stream(), new Stream()] as const;
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
    return this.streams[direction].unwrap(sequence);
  }

  /** Whether a SYN on the same ports begins another connection. */
  isAnotherSyn(sequence: number): boolean {
    const first = this.streams[REQUEST].firstSequence;
    return first !== null && first !== sequence;
  }
}
