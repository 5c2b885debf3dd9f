import type { LiveCounts, LiveFeed, LivePoint, LiveView } from "../model/live/view.js";
import { formatDuration, formatSize } from "../model/units.js";
import { visible } from "../model/visible.js";
import { alignCells } from "../text/table.js";

interface PointCountsOptions {
  /** How often tcpdump is asked. */
  readonly everyMs: number;
  /** Captures that are over sooner are not worth a look. */
  readonly leastMs: number;
}

export interface PointCounts extends LiveView {
  /** A line for each point, the most packets a second first, and one that says how long it goes on; none before the first count. */
  lines(nowMs: number): readonly string[];
}

interface Point {
  readonly name: string;
  fileBytes: number;
  counts: LiveCounts | null;
  countedAtMs: number;
  perSecond: number | null;
}

const MOST_LINES = 12;

/** What tcpdump counts at each point while captures go on that last. */
export function makePointCounts({ everyMs, leastMs }: PointCountsOptions): PointCounts {
  const points = new Map<string, Point>();
  let endsMs = 0;
  const add = (named: readonly LivePoint[]): void => {
    for (const { id, name } of named)
      points.set(id, { name: visible(name), fileBytes: 0, counts: null, countedAtMs: 0, perSecond: null });
  };
  const feed: LiveFeed = {
    hasRoom: false,
    join: add,
    ...{ clock: () => undefined, bytes: () => undefined, gap: () => undefined, blind: () => undefined },
    grown(id, fileBytes) {
      const point = points.get(id);
      if (point !== undefined) point.fileBytes = fileBytes;
    },
    counts(id, counts) {
      const point = points.get(id);
      if (point !== undefined) takeCounts(point, counts, Date.now());
    },
    end() {
      points.clear();
      return Promise.resolve();
    },
  };
  return {
    wantsPackets: false,
    countsEveryMs: everyMs,
    mark: () => undefined,
    begin(named: readonly LivePoint[], endsAtMs) {
      if (endsAtMs === null || endsAtMs - Date.now() < leastMs) return null;
      endsMs = endsAtMs;
      add(named);
      return feed;
    },
    lines: (nowMs) => describe([...points.values()], Math.max(0, endsMs - nowMs)),
  };
}

function takeCounts(point: Point, counts: LiveCounts, nowMs: number): void {
  const [before, now] = [point.counts?.captured ?? null, counts.captured];
  const seconds = (nowMs - point.countedAtMs) / 1000;
  point.perSecond =
    before === null || now === null || seconds <= 0 ? null : Math.max(0, now - before) / seconds;
  point.counts = counts;
  point.countedAtMs = nowMs;
}

function describe(points: readonly Point[], leftMs: number): string[] {
  const counted = points.filter(({ counts }) => counts !== null);
  if (counted.length === 0) return [];
  const busiest = counted.sort((a, b) => (b.perSecond ?? 0) - (a.perSecond ?? 0));
  const rows = busiest
    .slice(0, MOST_LINES)
    .map(({ name, counts, perSecond, fileBytes }) => [
      name,
      `${counts?.captured ?? "?"} packets`,
      perSecond === null ? "" : `${perSecond < 10 ? perSecond.toFixed(1) : perSecond.toFixed(0)}/s`,
      formatSize(fileBytes),
      counts?.droppedByKernel == null || counts.droppedByKernel === 0
        ? ""
        : `${counts.droppedByKernel} dropped`,
    ]);
  const more = points.length - rows.length;
  return [
    ...alignCells(rows).trimEnd().split("\n"),
    `${more === 0 ? "" : `and ${more} more points; `}${formatDuration(leftMs)} left`,
  ];
}
