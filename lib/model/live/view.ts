/** A place that a run captures at, as somebody sees it who watches. */
export interface LivePoint {
  /** Unique in the run. */
  readonly id: string;
  readonly node: string;
  /** `pod/eth0@node`. */
  readonly name: string;
  readonly description: string;
  readonly filter: string;
  readonly snaplenBytes: number;
}

/** What tcpdump counted at a point so far; null: it did not say. */
export interface LiveCounts {
  readonly captured: number | null;
  readonly received: number | null;
  readonly droppedByKernel: number | null;
  readonly droppedByInterface: number | null;
}

/** By how much a node's clock is ahead of this machine's. */
export interface LiveClock {
  readonly aheadMs: number;
  readonly errorMs: number;
}

/** What happened while captures go on, for whoever watches them. */
export interface LiveMark {
  /** Unix time by this machine's clock, which packets' times are corrected to. */
  readonly timeMs: number;
  /** Not made visible yet. */
  readonly text: string;
}

/** Takes what the points of a run show while it goes on. No call waits, throws or holds the captures up. */
export interface LiveFeed {
  /** false: no bytes are taken now. They wait on the node, and some may be left out. */
  readonly hasRoom: boolean;
  /** More points of the same captures, which began meanwhile. */
  join(points: readonly LivePoint[]): void;
  clock(node: string, clock: LiveClock): void;
  /** The next bytes of the point's capture file. They are the caller's again after the call. */
  bytes(id: string, chunk: Uint8Array): void;
  /** Some of its file is left out before the next bytes. */
  gap(id: string): void;
  /** How large its file is by now, and what was counted, where that was asked for. */
  grown(id: string, fileBytes: number): void;
  counts(id: string, counts: LiveCounts): void;
  /** A node's captures go on, and cannot be watched any more. */
  blind(node: string, why: string): void;
  /** The captures are over: with what tcpdump said at its end, by point. */
  end(counts: ReadonlyMap<string, LiveCounts>): Promise<void>;
}

/** Somebody who watches a run's captures. */
export interface LiveView {
  /** Packets, not only their numbers. */
  readonly wantsPackets: boolean;
  /** How often numbers are wanted, in milliseconds; null: never. */
  readonly countsEveryMs: number | null;
  /** `endsAtMs`: when the captures end by themselves, Unix time; null: that is not known. null: they are not watched. */
  begin(points: readonly LivePoint[], endsAtMs: number | null): LiveFeed | null;
  /** Stands where it belongs between the packets of the captures that are watched; nowhere where there are none. */
  mark(mark: LiveMark): void;
}
