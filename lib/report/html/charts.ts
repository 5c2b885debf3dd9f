import type { FlowFinding, RateFinding, TimelinePacket } from "../../model/findings.js";
import { escapeMarkup as esc } from "../escape.js";
import { formatMicros, formatSpan } from "../numbers.js";
import { drawBars, drawDots, drawLine, drawPlot, type PlotScale } from "./plot.js";

/** More slots than that say no more on a page. */
const MAX_SLOTS = 240;
/** Of fewer packets the ladder says all. */
const LEAST_DELAYS = 8;
const TIMELINE_SLOTS = 24;

type Lane = TimelinePacket["direction"];
type Numbers = readonly (number | null)[];

/** Packets and delay over time: pictures that the page's program (chart-program.ts) makes charts of. */
export function renderCharts(flow: FlowFinding, index: number): string {
  const figures = [renderRate(flow, `rate-${index}`), renderDelay(flow, `delay-${index}`)].join("");
  return figures === "" ? "" : `<div class="charts">${figures}</div>`;
}

function renderRate(flow: FlowFinding, id: string): string {
  const rate = flow.rate ?? rateOfTimeline(flow);
  if (rate === null) return "";
  const { slotMs, request, reply } = mergeSlots(rate);
  const columns = [request.sent, reply.sent, request.missing, reply.missing];
  const slots = Math.max(...columns.map((column) => column.length));
  if (slots === 0 || !(slotMs > 0)) return "";
  const times = Array.from({ length: slots }, (_, slot) => (slot * slotMs) / 1000);
  const lost = [request, reply].map(({ missing }) => sum(missing)) as [number, number];
  const most = Math.max(1, ...columns.flat());
  const scale: PlotScale = { right: (slots * slotMs) / 1000, top: most, unit: "" };
  const step = { widthX: slotMs / 1000 };
  const body =
    drawLine(times, request.sent, { scale, className: "request", ...step }) +
    drawLine(times, reply.sent, { scale, className: "reply", ...step }) +
    drawBars(times, request.missing, { scale, className: "missing", ...step }) +
    drawBars(times, reply.missing, { scale, className: "missing back", ...step });
  const which = flow.rate === undefined ? `Of ${flow.timeline.length} packets that the findings list: ` : "";
  const told = `${which}${sum(request.sent)} requests sent, ${lost[0]} of them missing further on; ${sum(reply.sent)} replies sent, ${lost[1]} missing`;
  return renderFigure({
    title: `Packets sent and missing, in ${formatSpan(slotMs)} each`,
    told,
    kind: "rate",
    slot: slotMs / 1000,
    columns: [times, ...columns.map((column) => times.map((_, slot) => column[slot] ?? 0))],
    legend: `<b class="request">requests sent</b><b class="reply">replies sent</b><b class="lost">missing</b>`,
    svg: drawPlot({ id, title: "Packets over time", told, scale }, body),
  });
}

/** Of the packets that the findings list, where they have no counts over time and some went missing; null: nothing to show. */
function rateOfTimeline({ timeline, verdict }: FlowFinding): RateFinding | null {
  const packets = timeline.flatMap(({ direction, seenAtUs }) => {
    const [start, end] =
      direction === "request" ? [seenAtUs[0], seenAtUs.at(-1)] : [seenAtUs.at(-1), seenAtUs[0]];
    return start === null || start === undefined ? [] : [{ direction, start, missing: end === null }];
  });
  if (verdict.status !== "lost" || packets.length < LEAST_DELAYS) return null;
  const origin = packets.reduce((least, { start }) => Math.min(least, start), Infinity);
  const spanUs = packets.reduce((most, { start }) => Math.max(most, start), -Infinity) - origin;
  const slotMs = roundUp(spanUs / 1000 / TIMELINE_SLOTS);
  const slots = Math.floor(spanUs / 1000 / slotMs) + 1;
  const lane = (wanted: Lane): RateFinding[Lane] => {
    const [sent, missing] = [new Array<number>(slots).fill(0), new Array<number>(slots).fill(0)];
    for (const packet of packets) {
      if (packet.direction !== wanted) continue;
      const slot = Math.floor((packet.start - origin) / 1000 / slotMs);
      sent[slot] = (sent[slot] ?? 0) + 1;
      if (packet.missing) missing[slot] = (missing[slot] ?? 0) + 1;
    }
    return { sent, missing };
  };
  return { slotMs, request: lane("request"), reply: lane("reply") };
}

/** How long packets took from one end to the other, by when they set out; what did not arrive took no time. */
function renderDelay(flow: FlowFinding, id: string): string {
  const packets = flow.timeline.flatMap(measureDelay).sort((a, b) => a.startUs - b.startUs);
  if (packets.length < LEAST_DELAYS) return "";
  const origin = packets[0]?.startUs ?? 0;
  const times = packets.map(({ startUs }) => (startUs - origin) / 1_000_000);
  const columnOf = (lane: Lane): Numbers =>
    packets.map(({ direction, tookUs }) => (direction === lane ? tookUs / 1000 : null));
  const [requests, replies] = [columnOf("request"), columnOf("reply")];
  const took = packets.map(({ tookUs }) => tookUs);
  const scale: PlotScale = {
    right: Math.max(0.001, times.at(-1) ?? 0),
    top: Math.max(0.001, Math.max(...took) / 1000),
    unit: "ms",
  };
  const body =
    drawDots(times, requests, { scale, className: "request" }) +
    drawDots(times, replies, { scale, className: "reply" });
  const told = `${packets.length} packets took ${formatMicros(Math.min(...took))} to ${formatMicros(Math.max(...took))} from the first hop to the last`;
  return renderFigure({
    title: "Delay on the way",
    told,
    kind: "delay",
    columns: [times, requests, replies],
    legend: `<b class="request">requests</b><b class="reply">replies</b>`,
    svg: drawPlot({ id, title: "Delay over time", told, scale }, body),
  });
}

interface Delay {
  readonly direction: Lane;
  readonly startUs: number;
  readonly tookUs: number;
}

function measureDelay({ direction, seenAtUs }: TimelinePacket): Delay[] {
  const [near, far] = [seenAtUs[0] ?? null, seenAtUs.at(-1) ?? null];
  if (near === null || far === null || seenAtUs.length < 2) return [];
  return [{ direction, startUs: Math.min(near, far), tookUs: Math.abs(far - near) }];
}

interface Figure {
  readonly title: string;
  readonly told: string;
  readonly kind: "rate" | "delay";
  /** How long each value holds, seconds. */
  readonly slot?: number;
  /** The times first, seconds. */
  readonly columns: readonly Numbers[];
  readonly legend: string;
  readonly svg: string;
}

/** The program reads numbers from `data-columns`: nothing but digits, points, commas and semicolons is in it. */
function renderFigure({ title, told, kind, slot, columns, legend, svg }: Figure): string {
  const data = columns.map((column) => column.map(writeNumber).join(",")).join(";");
  return `<figure class="chart" data-kind="${kind}"${slot === undefined ? "" : ` data-slot="${writeNumber(slot)}"`} data-columns="${data}"><h3>${esc(title)}</h3><p class="legend">${legend}</p>${svg}<figcaption class="meta">${esc(told)}.</figcaption></figure>`;
}

function writeNumber(value: number | null): string {
  return value === null || !Number.isFinite(value) ? "" : String(Math.round(value * 1e4) / 1e4);
}

/** The next of 1, 2, 5, 10, 20, 50… that is not less. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return power * ([1, 2, 5].find((step) => step * power >= value) ?? 10);
}

function mergeSlots(rate: RateFinding): RateFinding {
  const slots = Math.max(rate.request.sent.length, rate.reply.sent.length);
  const factor = Math.ceil(slots / MAX_SLOTS);
  if (factor <= 1) return rate;
  const merge = (counts: readonly number[]): number[] =>
    Array.from({ length: Math.ceil(counts.length / factor) }, (_, slot) =>
      sum(counts.slice(slot * factor, (slot + 1) * factor)),
    );
  const lane = ({ sent, missing }: RateFinding[Lane]): RateFinding[Lane] => ({
    sent: merge(sent),
    missing: merge(missing),
  });
  return { slotMs: rate.slotMs * factor, request: lane(rate.request), reply: lane(rate.reply) };
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
