import type { DirectionTally, WayCount } from "../follow/tally.js";

/** Packets that places lack and that took another way, or that those captures missed: by the last place that showed them. */
interface SparedPackets {
  /** Acknowledged themselves. */
  readonly proven: number;
  /** With them. */
  readonly along: number;
}

/** Which packets are no loss, though no place behind their last one shows them. */
export interface Spared {
  readonly has: (way: WayCount) => boolean;
  /** By position. */
  readonly at: ReadonlyMap<number, SparedPackets>;
  /** Position behind which a direction goes on where nobody captured it; null where its last place shows any of it. */
  readonly leavesAt: number | null;
}

/**
 * What an acknowledgement proves, wherever it was seen: bytes that were sent once reached whoever acknowledges them. A place
 * that lacks them did not see what passed, or they took another way: that is no loss, nor an arrival that anybody saw. Where
 * the last place shows nothing of the whole direction, all that stopped where such bytes did took that other way as well: of
 * bare ACKs and retransmissions no acknowledgement ever tells. What stopped where none did is lost.
 */
export function spareAcknowledged({ ways, order }: DirectionTally): Spared {
  const final = order.length - 1;
  const stopped = ways.filter(({ last }) => last < final);
  const proven = stopped.filter(({ isAcknowledged }) => isAcknowledged);
  const isElsewhere = stopped.length === ways.length;
  const left = new Set(proven.map(({ last }) => last));
  const has = (way: WayCount): boolean =>
    way.last < final && (way.isAcknowledged || (isElsewhere && left.has(way.last)));
  const at = new Map<number, SparedPackets>();
  for (const way of stopped.filter(has)) {
    const { proven = 0, along = 0 } = at.get(way.last) ?? {};
    at.set(
      way.last,
      way.isAcknowledged
        ? { proven: proven + way.packets, along }
        : { proven, along: along + way.packets - way.carried },
    );
  }
  return { has, at, leavesAt: isElsewhere && left.size > 0 ? Math.max(...left) : null };
}
