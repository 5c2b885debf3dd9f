import type { LiveFeed, LiveView } from "../model/live/view.js";

/** Several who watch the same captures; null where there is none. */
export function joinViews(views: readonly LiveView[]): LiveView | null {
  const [only, ...others] = views;
  if (only === undefined) return null;
  if (others.length === 0) return only;
  const rates = views.flatMap(({ countsEveryMs }) => countsEveryMs ?? []);
  return {
    wantsPackets: views.some(({ wantsPackets }) => wantsPackets),
    countsEveryMs: rates.length === 0 ? null : Math.min(...rates),
    mark: (mark) => views.forEach((view) => view.mark(mark)),
    begin(points, endsAtMs) {
      const feeds = views.flatMap((view) => {
        const feed = view.begin(points, endsAtMs);
        return feed === null ? [] : [{ feed, view }];
      });
      if (feeds.length === 0) return null;
      const packets = feeds.flatMap(({ feed, view }) => (view.wantsPackets ? [feed] : []));
      return joinFeeds(
        feeds.map(({ feed }) => feed),
        packets,
      );
    },
  };
}

/** `packets`: those of them that want the bytes. */
function joinFeeds(feeds: readonly LiveFeed[], packets: readonly LiveFeed[]): LiveFeed {
  return {
    // The slowest has a say: what one does not take now all get later.
    get hasRoom() {
      return packets.every(({ hasRoom }) => hasRoom);
    },
    join: (points) => feeds.forEach((feed) => feed.join(points)),
    clock: (node, clock) => feeds.forEach((feed) => feed.clock(node, clock)),
    bytes: (id, chunk) => packets.forEach((feed) => feed.bytes(id, chunk)),
    gap: (id) => packets.forEach((feed) => feed.gap(id)),
    grown: (id, bytes) => feeds.forEach((feed) => feed.grown(id, bytes)),
    counts: (id, counts) => feeds.forEach((feed) => feed.counts(id, counts)),
    blind: (node, why) => feeds.forEach((feed) => feed.blind(node, why)),
    end: async (counts) => {
      await Promise.all(feeds.map((feed) => feed.end(counts)));
    },
  };
}
