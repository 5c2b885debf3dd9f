import { messageOf } from "../errors.js";
import type { LiveClock, LiveCounts, LiveFeed, LiveMark, LivePoint, LiveView } from "../model/live/view.js";
import { LiveClocks, type Correction } from "./clocks.js";
import { Merger } from "./merger.js";
import type { LiveOutput } from "./output.js";
import { PcapFeed } from "./pcap-feed.js";
import type { LiveWriter } from "./pcapng-writer.js";

interface LiveStreamOptions {
  readonly output: LiveOutput;
  readonly writer: LiveWriter;
  /** What goes wrong with the stream, and at its end what it is. */
  readonly onNote: (level: "info" | "warn", text: string) => void;
  /** Default 1 s. */
  readonly delayMs?: number;
}

/** How long a packet waits for earlier ones of other points. */
const DELAY_MS = 1000;
/** So much waits for its order, and so much for the reader; the rest waits in the nodes' files. */
const MOST_MERGING_BYTES = 32 * 1024 * 1024;
const MOST_WAITING_BYTES = 8 * 1024 * 1024;
const TICK_MS = 50;
/** A reader that went away is noticed when something is written. */
const IDLE_MS = 5000;
const END_MS = 3000;
const MOST_MARKS = 200;
const UNKNOWN: LiveCounts = {
  captured: null,
  received: null,
  droppedByKernel: null,
  droppedByInterface: null,
};

interface Place {
  readonly point: LivePoint;
  readonly feed: PcapFeed;
  /** In the stream; null until its file said what it is. */
  index: number | null;
  correction: Correction;
  counts: LiveCounts;
  delivered: number;
  leftOut: number;
  isBroken: boolean;
}

/** All points of a run as one stream, in the order of their times as far as packets come within the delay. */
export function makeLiveStream(
  options: LiveStreamOptions,
): Omit<LiveView, "begin"> & { begin(points: readonly LivePoint[], endsAtMs: number | null): LiveFeed } {
  let stream: LiveStream | null = null;
  return {
    wantsPackets: true,
    countsEveryMs: null,
    begin: (points) => (stream = new LiveStream(points, options)),
    mark: (mark) => stream?.mark(mark),
  };
}

class LiveStream implements LiveFeed {
  readonly #options: LiveStreamOptions;
  readonly #places: Place[] = [];
  readonly #placeOf = new Map<string, number>();
  readonly #clocks: LiveClocks;
  readonly #merger: Merger;
  readonly #ticker: NodeJS.Timeout;
  readonly #startMs = Date.now();
  /** In the order of their times, those that no packet that is written came after. */
  #marks: LiveMark[] = [];
  #opened = 0;
  #wroteAtMs = Date.now();

  constructor(points: readonly LivePoint[], options: LiveStreamOptions) {
    this.#options = options;
    const { delayMs = DELAY_MS } = options;
    this.join(points);
    this.#clocks = new LiveClocks([...new Set(points.map(({ node }) => node))]);
    this.#merger = new Merger({ delayMs, mostBytes: MOST_MERGING_BYTES });
    options.output.write(options.writer.begin());
    this.#ticker = setInterval(() => this.#tick(), TICK_MS);
    this.#ticker.unref();
  }

  /** Times are corrected as packets come: the clocks have to be known before. */
  get hasRoom(): boolean {
    const { output, delayMs = DELAY_MS } = this.#options;
    const isSettled = this.#clocks.areKnown || Date.now() - this.#startMs > delayMs;
    return isSettled && !output.isClosed && output.waitingBytes < MOST_WAITING_BYTES;
  }

  join(points: readonly LivePoint[]): void {
    for (const point of points) {
      this.#placeOf.set(point.id, this.#places.length);
      this.#places.push({
        ...{ point, feed: new PcapFeed(point.name), index: null, correction: { us: 0, text: "" } },
        ...{ counts: UNKNOWN, delivered: 0, leftOut: 0, isBroken: false },
      });
    }
  }

  clock(node: string, clock: LiveClock): void {
    this.#clocks.note(node, clock);
  }

  bytes(id: string, chunk: Uint8Array): void {
    const at = this.#placeOf.get(id);
    const place = at === undefined ? undefined : this.#places[at];
    if (at === undefined || place === undefined || place.isBroken) return;
    try {
      const packets = place.feed.push(chunk);
      this.#open(place);
      const nowMs = performance.now();
      for (const { timeUs, wireBytes, bytes } of packets) {
        this.#merger.push({ place: at, timeUs: timeUs + place.correction.us, wireBytes, bytes }, nowMs);
      }
    } catch (error) {
      place.isBroken = true;
      this.#options.onNote("warn", `${place.point.name} is not seen live: ${messageOf(error)}`);
    }
  }

  gap(id: string): void {
    const place = this.#places[this.#placeOf.get(id) ?? -1];
    place?.feed.skip();
  }

  grown(): void {
    // Its packets come as well.
  }

  counts(id: string, counts: LiveCounts): void {
    const place = this.#places[this.#placeOf.get(id) ?? -1];
    if (place !== undefined) place.counts = counts;
  }

  mark(mark: LiveMark): void {
    this.#marks = [...this.#marks, mark].toSorted((a, b) => a.timeMs - b.timeMs).slice(-MOST_MARKS);
  }

  blind(node: string, why: string): void {
    this.#options.onNote("warn", `${node} is not seen live any more: ${why}. Its captures go on`);
  }

  async end(counts: ReadonlyMap<string, LiveCounts>): Promise<void> {
    clearInterval(this.#ticker);
    this.#write(this.#merger.flush());
    let [delivered, leftOut] = [0, 0];
    for (const place of this.#places) {
      place.counts = counts.get(place.point.id) ?? place.counts;
      const { captured } = place.counts;
      if (captured !== null) place.leftOut = Math.max(place.leftOut, captured - place.delivered);
      if (place.index !== null) this.#writeCounts(place, place.index, this.#marks.splice(0));
      delivered += place.delivered;
      leftOut += place.leftOut;
    }
    if (this.#options.output.isClosed) {
      this.#options.onNote("info", `${delivered} packets went to the live stream until its reader went away`);
      return;
    }
    const unread = await this.#options.output.end(END_MS);
    const out = leftOut === 0 ? "" : `; ${leftOut} were left out of it, which the run's files have`;
    const cut = unread === 0 ? "" : "; its reader did not take all of it";
    const level = leftOut + unread === 0 ? "info" : "warn";
    this.#options.onNote(level, `${delivered} packets went to the live stream${out}${cut}`);
  }

  /** Once its file said what it holds. */
  #open(place: Place): void {
    const { header } = place.feed;
    if (place.index !== null || header === null) return;
    place.index = this.#opened++;
    place.correction = this.#clocks.correctionOf(place.point.node);
    this.#put(
      this.#options.writer.open(place.index, { point: place.point, header, clock: place.correction.text }),
    );
  }

  #tick(): void {
    this.#write(this.#merger.take(performance.now()));
    const [first] = this.#places.filter(({ index }) => index !== null);
    if (first?.index == null || Date.now() - this.#wroteAtMs < IDLE_MS) return;
    this.#writeCounts(first, first.index);
  }

  #write(packets: ReturnType<Merger["take"]>): void {
    const { output, writer } = this.#options;
    for (const packet of packets) {
      const place = this.#places[packet.place]!;
      if (place.index === null) continue;
      if (output.isClosed || output.waitingBytes > 2 * MOST_WAITING_BYTES) place.leftOut++;
      else {
        place.delivered++;
        this.#put(writer.packet(place.index, packet, this.#marksUntil(packet.timeUs)));
      }
    }
  }

  #marksUntil(timeUs: number): readonly LiveMark[] {
    const after = this.#marks.findIndex(({ timeMs }) => timeMs * 1000 > timeUs);
    return this.#marks.splice(0, after < 0 ? this.#marks.length : after);
  }

  #writeCounts(place: Place, index: number, marks: readonly LiveMark[] = []): void {
    const { counts, delivered, leftOut } = place;
    const [startUs, nowUs] = [this.#startMs * 1000, Date.now() * 1000];
    this.#put(this.#options.writer.counts(index, { counts, delivered, leftOut, startUs, nowUs, marks }));
  }

  #put(bytes: Uint8Array): void {
    this.#wroteAtMs = Date.now();
    this.#options.output.write(bytes);
  }
}
