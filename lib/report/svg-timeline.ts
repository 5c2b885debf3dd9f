import type { FlowFinding, TimelinePacket } from "../model/findings.js";
import { visible } from "./escape.js";
import { fitColumns } from "../text/columns.js";
import { fitPacket } from "./fit-packet.js";
import { cross, element, label, line, picture } from "./svg.js";
import type { Point } from "./svg.js";

const MAX_PACKETS = 24;
const LEFT = 104;
const COLUMN = 124;
const RIGHT = 236;
const TOP = 64;
const BAND = 46;
const SLOPE = 24;

/**
 * A ladder: hops side by side, time downwards, a line a packet. Between packets time is compressed (their
 * start is written beside them), within a packet it is to scale, from its first hop to its last.
 */
export function drawTimelineSvg(flow: FlowFinding, id: string): string {
  const packets = [...flow.timeline]
    .filter((packet) => seenTimes(packet).length > 0)
    .sort((a, b) => startOf(a) - startOf(b))
    .slice(0, MAX_PACKETS);
  if (packets.length === 0) return "";
  const height = TOP + packets.length * BAND + 8;
  const parts = [
    ...flow.hops.map((_, index) => drawRail(flow, index, height)),
    ...packets.map((packet, row) => drawPacket(flow, packet, row)),
  ];
  const options = {
    id,
    title: "Packets at hops over time",
    description: `${packets.length} packets from left (${flow.from.ip}) to right (${flow.to.ip}); a red cross ends a packet that the next hop did not see`,
    width: LEFT + (flow.hops.length - 1) * COLUMN + RIGHT,
    height,
    className: flow.hops.length <= 5 ? "ladder short" : "ladder",
  };
  return picture(options, parts.join(""));
}

/** How many of the flow's packets the picture leaves out. */
export function countOmitted(flow: FlowFinding): number {
  return Math.max(0, flow.timeline.length - MAX_PACKETS);
}

function xOf(index: number): number {
  return LEFT + index * COLUMN;
}

function drawRail(flow: FlowFinding, index: number, height: number): string {
  const hop = flow.hops[index];
  if (hop === undefined) return "";
  const x = xOf(index);
  const firstOfNode = flow.hops[index - 1]?.node !== hop.node;
  const node = fitColumns(visible(hop.node), 16).trimEnd();
  return (
    (firstOfNode ? label(node, { x, y: 18, class: "rail-node" }) : "") +
    label(fitColumns(visible(hop.interface), 15).trimEnd(), { x, y: 36, class: "rail-name" }) +
    line({ x, y: 46 }, { x, y: height }, "rail")
  );
}

function drawPacket(flow: FlowFinding, packet: TimelinePacket, row: number): string {
  const top = TOP + row * BAND + 6;
  const times = seenTimes(packet);
  const start = Math.min(...times);
  const spanUs = Math.max(...times) - start;
  const yOf = (timeUs: number): number => top + (spanUs === 0 ? 0 : ((timeUs - start) / spanUs) * SLOPE);
  const points: (Point & { readonly index: number })[] = [];
  for (const index of orderOf(flow, packet)) {
    const timeUs = packet.seenAtUs[index];
    if (timeUs !== null && timeUs !== undefined) points.push({ index, x: xOf(index), y: yOf(timeUs) });
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
  const right = xOf(flow.hops.length - 1) + 16;
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
      drawFate(flow, packet, points) +
      dots.join(""),
  );
}

/** What becomes of a packet that did not reach the last hop of its way. */
function drawFate(
  flow: FlowFinding,
  packet: TimelinePacket,
  points: readonly (Point & { readonly index: number })[],
): string {
  const last = points.at(-1);
  const step = packet.direction === "request" ? 1 : -1;
  const end = packet.direction === "request" ? flow.hops.length - 1 : 0;
  if (last === undefined || last.index === end) return "";
  const at = { x: last.x + step * COLUMN * 0.46, y: last.y + 5 };
  const kind = flow.verdict.status === "lost" ? "lost" : "doubt";
  return line(last, at, `packet ${kind}`) + cross(at, 8, kind === "lost" ? "break" : "doubt");
}

function orderOf(flow: FlowFinding, packet: TimelinePacket): number[] {
  const order = flow.hops.map((_, index) => index);
  return packet.direction === "request" ? order : order.reverse();
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
