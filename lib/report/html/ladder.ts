import type { FlowFinding, TimelinePacket } from "../../model/findings.js";
import { visible } from "../escape.js";
import { fitColumns } from "../../text/columns.js";
import { fitPacket } from "../fit-packet.js";
import { locateBreak } from "../words.js";
import { MAX_DRAWN_HOPS } from "./path.js";
import { cross, element, label, line, picture } from "./svg.js";
import type { Point } from "./svg.js";

const MAX_PACKETS = 24;
const LEFT = 104;
const COLUMN = 124;
const RIGHT = 236;
const TOP = 64;
const BAND = 46;
const SLOPE = 24;
/** Hops on each side of the break, where not all fit. */
const AROUND = 3;

/**
 * A ladder: hops side by side, time downwards, a line a packet. Between packets time is compressed (their
 * start is written beside them), within a packet it is to scale, from its first hop to its last.
 */
export function drawLadderSvg(
  flow: FlowFinding,
  id: string,
  columns: readonly number[] = chooseColumns(flow),
): string {
  const packets = [...flow.timeline]
    .filter(({ seenAtUs }) => columns.some((index) => typeof seenAtUs[index] === "number"))
    .sort((a, b) => startOf(a) - startOf(b))
    .slice(0, MAX_PACKETS);
  if (packets.length === 0) return "";
  const height = TOP + packets.length * BAND + 8;
  const parts = [
    ...columns.map((_, at) => drawRail(flow, { columns, at, height })),
    ...packets.map((packet, row) => drawPacket(flow, packet, { columns, row })),
  ];
  const options = {
    id,
    title: "Packets at hops over time",
    description: `${packets.length} packets from left (${flow.from.ip}) to right (${flow.to.ip}); a red cross ends a packet that the next hop did not see`,
    width: LEFT + (columns.length - 1) * COLUMN + RIGHT,
    height,
    className: columns.length <= 5 ? "ladder short" : "ladder",
  };
  return picture(options, parts.join(""));
}

/** For a screen that has no room for more: the hops around the break, or both ends. null: there are no more than two. */
export function chooseTwo(
  flow: FlowFinding,
): { readonly columns: readonly number[]; readonly told: string } | null {
  const { length } = flow.hops;
  if (length <= 2) return null;
  const after = locateBreak(flow, flow.hops)?.after;
  return after === undefined
    ? { columns: [0, length - 1], told: `Of ${length} hops, the two at the ends.` }
    : { columns: [after, after + 1], told: `Of ${length} hops, the two around the loss.` };
}

/** How many of the flow's packets the picture leaves out. */
export function countOmitted(flow: FlowFinding): number {
  return Math.max(0, flow.timeline.length - MAX_PACKETS);
}

/** Indices of the hops that are drawn: of a long way both ends, and what is around the break. */
function chooseColumns(flow: FlowFinding): readonly number[] {
  const all = flow.hops.map((_, index) => index);
  if (all.length <= MAX_DRAWN_HOPS) return all;
  const around = locateBreak(flow, flow.hops)?.after ?? 0;
  return all.filter(
    (index) =>
      index === 0 || index === all.length - 1 || (index > around - AROUND && index <= around + AROUND),
  );
}

/** How many hops the picture leaves out. */
export function countHidden(flow: FlowFinding): number {
  return flow.hops.length - chooseColumns(flow).length;
}

function xOf(column: number): number {
  return LEFT + column * COLUMN;
}

interface Rail {
  readonly columns: readonly number[];
  readonly at: number;
  readonly height: number;
}

function drawRail(flow: FlowFinding, { columns, at, height }: Rail): string {
  const hop = flow.hops[columns[at] ?? 0];
  if (hop === undefined) return "";
  const x = xOf(at);
  const firstOfNode = flow.hops[columns[at - 1] ?? -1]?.node !== hop.node;
  const ofNode = columns.slice(at).findIndex((column) => flow.hops[column]?.node !== hop.node);
  const room = ((ofNode === -1 ? columns.length - at : ofNode) * COLUMN) / 8;
  const node = fitColumns(visible(hop.node), Math.floor(room)).trimEnd();
  return (
    (firstOfNode ? label(node, { x, y: 18, class: "rail-node" }) : "") +
    label(fitColumns(visible(hop.interface), 15).trimEnd(), { x, y: 36, class: "rail-name" }) +
    line({ x, y: 46 }, { x, y: height }, "rail")
  );
}

interface Row {
  readonly columns: readonly number[];
  readonly row: number;
}

function drawPacket(flow: FlowFinding, packet: TimelinePacket, { columns, row }: Row): string {
  const top = TOP + row * BAND + 6;
  const times = seenTimes(packet);
  const start = Math.min(...times);
  const spanUs = Math.max(...times) - start;
  const yOf = (timeUs: number): number => top + (spanUs === 0 ? 0 : ((timeUs - start) / spanUs) * SLOPE);
  const points: (Point & { readonly index: number })[] = [];
  for (const index of orderOf(columns, packet)) {
    const timeUs = packet.seenAtUs[index];
    if (timeUs !== null && timeUs !== undefined)
      points.push({ index: columns.indexOf(index), x: xOf(columns.indexOf(index)), y: yOf(timeUs) });
  }
  const lines = points.slice(1).map((to, at) => {
    const from = points[at] ?? to;
    const skipped = Math.abs(to.index - from.index) > 1 ? " skipped" : "";
    return line(from, to, `packet ${packet.direction}${skipped}`);
  });
  const dots = points.map((at) =>
    element("circle", { cx: at.x, cy: at.y, r: 3.2, class: `dot ${packet.direction}` }),
  );
  const words = fitPacket(visible(packet.summary), 30);
  const right = xOf(columns.length - 1) + 16;
  return element(
    "g",
    {},
    label(formatMs(start), { x: LEFT - 18, y: top + 5, class: "time" }) +
      label(words, { x: right, y: top + 5, class: "packet-name" }) +
      label(points.length > 1 ? `${formatMs(spanUs)} on the way` : "seen once", {
        x: right,
        y: top + 20,
        class: "packet-span",
      }) +
      lines.join("") +
      drawFate(flow, packet, { points, columns }) +
      dots.join(""),
  );
}

interface Seen {
  /** By column. */
  readonly points: readonly (Point & { readonly index: number })[];
  readonly columns: readonly number[];
}

/** What becomes of a packet that did not reach the last hop of its way. */
function drawFate(flow: FlowFinding, packet: TimelinePacket, { points, columns }: Seen): string {
  const last = points.at(-1);
  const step = packet.direction === "request" ? 1 : -1;
  const end = packet.direction === "request" ? columns.length - 1 : 0;
  if (last === undefined || last.index === end) return "";
  const at = { x: last.x + step * COLUMN * 0.46, y: last.y + 5 };
  const kind = flow.verdict.status === "lost" ? "lost" : "doubt";
  return line(last, at, `packet ${kind}`) + cross(at, 8, kind === "lost" ? "break" : "doubt");
}

function orderOf(columns: readonly number[], packet: TimelinePacket): readonly number[] {
  return packet.direction === "request" ? columns : [...columns].reverse();
}

function seenTimes(packet: TimelinePacket): number[] {
  return packet.seenAtUs.filter((time) => time !== null);
}

function startOf(packet: TimelinePacket): number {
  return Math.min(...seenTimes(packet));
}

function formatMs(timeUs: number): string {
  return Math.abs(timeUs) < 1000 && timeUs !== 0
    ? `${Math.round(timeUs)} µs`
    : `${(timeUs / 1000).toFixed(1)} ms`;
}
