import type { ExchangeFinding } from "../../../model/findings.js";

const MOST_OUTCOMES = 32;
const MOST_SAMPLES = 256;
const ORDER = ["error", "none", "oneWay", "ok"];

type Outcome = Pick<ExchangeFinding, "protocol" | "outcome" | "kind">;

/** Counts what became of exchanges, one entry a kind of outcome, in bounded memory. */
export class Outcomes {
  private entries: Map<string, Entry> | null = null;

  /** `tookUs` from question to answer; null where there was none, or the question was not seen. */
  add(what: Outcome, tookUs: number | null): void {
    this.entryOf(what).add(tookUs);
  }

  /** What went wrong first, then the most frequent. */
  list(): readonly ExchangeFinding[] {
    return [...(this.entries?.values() ?? [])]
      .map((entry) => entry.finding)
      .sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || b.count - a.count);
  }

  private entryOf(what: Outcome): Entry {
    const key = `${what.protocol} ${what.kind} ${what.outcome}`;
    this.entries ??= new Map();
    const known = this.entries.get(key);
    if (known !== undefined) return known;
    // The rest share an entry for each protocol and kind, so that nothing goes uncounted.
    const isFull = this.entries.size >= MOST_OUTCOMES && !what.outcome.startsWith(REST);
    if (isFull) return this.entryOf({ ...what, outcome: `${REST} ${REST_NAMES[what.kind]}` });
    const entry = new Entry(what);
    this.entries.set(key, entry);
    return entry;
  }
}

const REST = "others:";
const REST_NAMES = { ok: "answered", error: "errors", none: "no answer", oneWay: "one-way" } as const;

class Entry {
  private count = 0;
  private least = Infinity;
  private most = -Infinity;
  private readonly samples: number[] = [];
  private timed = 0;
  private stride = 1;

  constructor(private readonly what: Outcome) {}

  add(tookUs: number | null): void {
    this.count++;
    if (tookUs === null) return;
    this.least = Math.min(this.least, tookUs);
    this.most = Math.max(this.most, tookUs);
    if (this.timed++ % this.stride !== 0) return;
    this.samples.push(tookUs);
    if (this.samples.length < MOST_SAMPLES) return;
    // Every second one is kept, and from now on half as many are taken.
    for (let index = 0; index < MOST_SAMPLES / 2; index++) this.samples[index] = this.samples[index * 2]!;
    this.samples.length = MOST_SAMPLES / 2;
    this.stride *= 2;
  }

  get finding(): ExchangeFinding {
    const { count, least, most } = this;
    const sorted = this.samples.toSorted((a, b) => a - b);
    const median = sorted[sorted.length >> 1];
    const tookMs =
      median === undefined ? null : { least: least / 1000, median: median / 1000, most: most / 1000 };
    return { ...this.what, count, tookMs };
  }
}
