import type { FlowFinding, HopFinding, HopRef, LegFinding, RewriteFinding } from "../../model/findings.js";
import { escapeMarkup, visible } from "../escape.js";
import { fitColumns } from "../../text/columns.js";
import { arrow, cross, element, label, line, picture, type Point } from "./svg.js";
import { countPackets, describeLoss, describeVerdict, groupByNode, locateBreak } from "../words.js";
import { describeChange } from "../flow-words.js";
import { findLeg, isSameHop } from "../legs.js";
import { formatShare } from "../numbers.js";

const COLUMN = 132;
const LEFT = 92;
const GROUP_GAP = 44;
const GROUP_PAD = 10;
/** Above the boxes: the flag of the break, then the nodes' names, so that neither hides the other. */
const TOP = 64;
const PILL_HEIGHT = 46;
const BADGE = 15;

/** A way of more hops is not readable side by side in the width of a page. */
export const MAX_DRAWN_HOPS = 9;
/** So many changes of addresses are written under the hops; all stand in the list below the picture. */
const MAX_CHANGES = 4;
const CHANGE_HEIGHT = 24;

type Lane = "request" | "reply";

/** Where rows stand: a picture of one direction only has one lane. */
interface Rows {
  readonly request: number;
  readonly pill: number;
  readonly reply: number;
  /** Of the boxes. */
  readonly bottom: number;
}

function placeRows(lanes: readonly Lane[]): Rows {
  const pill = TOP + (lanes.includes("request") ? 76 : 18);
  const reply = pill + 76;
  return {
    request: TOP + 46,
    pill,
    reply,
    bottom: lanes.includes("reply") ? reply + 36 : pill + PILL_HEIGHT + 24,
  };
}

/** The lanes that say something: a reply that has its own list is not on the request's way. */
function chooseLanes(flow: FlowFinding, hops: readonly HopFinding[]): Lane[] {
  if (hops === flow.replyHops) return ["reply"];
  const strays = hops.some((hop) => hop.reply.packets > 0);
  return flow.replyHops !== undefined && !strays ? ["request"] : ["request", "reply"];
}

interface Placed {
  readonly hop: HopFinding;
  readonly x: number;
}

/** The flow's path: nodes as boxes, their hops in order, a lane of counts for each direction, the break in red. */
export function drawPathSvg(flow: FlowFinding, hops: readonly HopFinding[], id: string): string {
  const lanes = chooseLanes(flow, hops);
  const rows = placeRows(lanes);
  const placed: Placed[] = [];
  const boxes: string[] = [];
  let x = LEFT;
  for (const group of groupByNode(hops)) {
    const width = group.hops.length * COLUMN;
    boxes.push(drawBox(group.node, { x: x - GROUP_PAD, width: width + 2 * GROUP_PAD, bottom: rows.bottom }));
    for (const [index, hop] of group.hops.entries()) placed.push({ hop, x: x + (index + 0.5) * COLUMN });
    x += width + GROUP_GAP;
  }
  const flags = drawBreak(flow, hops, { placed, rows }) + drawEnd(flow, hops, { placed, rows });
  const width = x - GROUP_GAP + GROUP_PAD + 8;
  const changes = (flow.rewrites ?? [])
    .filter(({ direction }) => lanes.includes(direction))
    .flatMap((rewrite) => placeChange(rewrite, placed))
    .slice(0, MAX_CHANGES);
  const parts = [
    ...boxes,
    ...placed.map((at) => drawPill(at, lanes, rows)),
    ...lanes.flatMap((lane) => drawLane(flow, { hops, placed, lane, rows })),
    ...changes.map((change, row) => drawChange(change, { row, rows, width })),
    flags,
  ];
  const options = {
    id,
    title: hops === flow.replyHops ? "The reply's path" : "The path, hop by hop",
    description: describeVerdict(flow),
    width,
    height: rows.bottom + 10 + changes.length * CHANGE_HEIGHT,
    top: flags === "" ? TOP - 34 : 0,
    className: placed.length <= 5 ? "path short" : "path",
  };
  return picture(options, parts.join(""));
}

function drawBox(node: string, box: { x: number; width: number; bottom: number }): string {
  const { x, width, bottom } = box;
  const name = fitColumns(visible(node), Math.floor(width / 9)).trimEnd();
  return (
    element("rect", { x, y: TOP, width, height: bottom - TOP, rx: 14, class: "box" }) +
    label(name, { x: x + 14, y: TOP - 10, class: "node" })
  );
}

function drawPill({ hop, x }: Placed, lanes: readonly Lane[], rows: Rows): string {
  const live = hop.request.packets + hop.reply.packets > 0;
  const name = fitColumns(visible(hop.interface), 15).trimEnd();
  const drops =
    hop.droppedByKernel === 0
      ? ""
      : label(`${hop.droppedByKernel} not captured`, { x, y: rows.bottom - 6, class: "drops" });
  return element(
    "g",
    { class: live ? "hop" : "hop unseen" },
    element("title", {}, titleOf(hop, lanes)) +
      element("rect", { x: x - 61, y: rows.pill, width: 122, height: PILL_HEIGHT, rx: 10, class: "pill" }) +
      label(hop.role, { x, y: rows.pill + 17, class: "role" }) +
      label(name, { x, y: rows.pill + 35, class: "interface" }) +
      drops,
  );
}

function titleOf(hop: HopFinding, lanes: readonly Lane[]): string {
  const counts = lanes.map((lane) => countPackets(hop[lane].packets, lane)).join(", ");
  const text = `${hop.node} ${hop.interface}: ${counts}`;
  return escapeMarkup(text);
}

interface LaneOptions {
  readonly hops: readonly HopFinding[];
  readonly placed: readonly Placed[];
  readonly lane: Lane;
  readonly rows: Rows;
}

function drawLane(flow: FlowFinding, { hops, placed, lane, rows }: LaneOptions): string[] {
  const y = rows[lane];
  const breakAt = locateBreak(flow, hops);
  /** Along the request's order, or the reply's own; a reply in the request's list goes backwards. */
  const forward = lane === "request" || hops === flow.replyHops;
  const parts = [
    label(lane === "request" ? "request" : "reply", { x: 8, y: y + 1, class: "lane" }),
    label(forward ? "→" : "←", { x: 8, y: y + 17, class: "lane" }),
  ];
  for (let index = 0; index + 1 < placed.length; index += 1) {
    const left = placed[index];
    const right = placed[index + 1];
    if (left === undefined || right === undefined) continue;
    const broken = breakAt?.after === index && breakAt.direction === lane;
    parts.push(drawSegment([left, right], { lane, y, forward, broken }));
    const leg = findLeg(flow, hops, { at: index, direction: lane });
    // The flag says it of the break.
    if (!broken && leg !== undefined && leg.missing > 0)
      parts.push(drawMissing(leg, { x: (left.x + right.x) / 2, y }));
  }
  for (const { hop, x } of placed) parts.push(drawBadge(hop[lane].packets, { x, y }));
  return parts;
}

interface Segment {
  readonly lane: Lane;
  readonly y: number;
  readonly forward: boolean;
  readonly broken: boolean;
}

function drawSegment([left, right]: readonly [Placed, Placed], segment: Segment): string {
  const { lane, y } = segment;
  const ends = [
    { x: left.x + BADGE + 4, y },
    { x: right.x - BADGE - 4, y },
  ] as const;
  const [from, to] = segment.forward ? ends : [ends[1], ends[0]];
  const [source, target] = segment.forward ? [left.hop, right.hop] : [right.hop, left.hop];
  const passed = source[lane].packets > 0 && target[lane].packets > 0;
  if (!segment.broken) return passed ? arrow(from, to, "flows") : line(from, to, "silent");
  const middle = { x: (from.x + to.x) / 2, y };
  const rest = passed ? arrow(middle, to, "flows") : line(middle, to, "silent");
  return line(from, middle, "dying") + rest;
}

function drawBadge(count: number, at: { readonly x: number; readonly y: number }): string {
  const text = count > 99_999 ? `${Math.round(count / 1000)}k` : String(count);
  const width = Math.max(BADGE * 2, text.length * 9 + 14);
  const name = count > 0 ? "badge" : "badge none";
  return (
    element("rect", { x: at.x - width / 2, y: at.y - 13, width, height: 26, rx: 13, class: name }) +
    label(text, { x: at.x, y: at.y + 5, class: count > 0 ? "count" : "count none" })
  );
}

interface Drawing {
  readonly placed: readonly Placed[];
  readonly rows: Rows;
}

/** A line through the whole picture: the break must be seen before anything is read. */
function drawBreak(flow: FlowFinding, hops: readonly HopFinding[], { placed, rows }: Drawing): string {
  const breakAt = locateBreak(flow, hops);
  const left = breakAt === null ? undefined : placed[breakAt.after];
  const right = breakAt === null ? undefined : placed[breakAt.after + 1];
  if (breakAt === null || left === undefined || right === undefined) return "";
  const x = (left.x + right.x) / 2;
  const y = rows[breakAt.direction];
  const text = `${describeLoss(flow)} lost`;
  const width = text.length * 7.4 + 24;
  return (
    line({ x, y: 30 }, { x, y: rows.bottom }, "break-line") +
    element("rect", { x: x - width / 2, y: 6, width, height: 25, rx: 12.5, class: "break-flag" }) +
    label(text, { x, y: 23, class: "break-text" }) +
    cross({ x, y }, 12, "break")
  );
}

/** Where packets were turned away, or arrived and nothing came back. */
function drawEnd(flow: FlowFinding, hops: readonly HopFinding[], { placed, rows }: Drawing): string {
  const { status, rejectedBy, lastSeen } = flow.verdict;
  if ((status !== "rejected" && status !== "unanswered") || hops !== flow.hops) return "";
  const at = placed.find(({ hop }) => lastSeen !== null && isSameHop(hop, lastSeen)) ?? placed.at(-1);
  if (at === undefined) return "";
  const text = rejectedBy === null ? "no reply" : fitColumns(visible(rejectedBy.how), 26).trimEnd();
  const width = text.length * 7.4 + 24;
  const kind = status === "rejected" ? "break" : "doubt";
  const middle = Math.min(at.x, (placed.at(-1)?.x ?? at.x) + COLUMN / 2 - width / 2);
  return (
    line({ x: at.x, y: 30 }, { x: at.x, y: rows.request - 16 }, `${kind}-line`) +
    element("rect", { x: middle - width / 2, y: 6, width, height: 25, rx: 12.5, class: `${kind}-flag` }) +
    label(text, { x: middle, y: 23, class: `${kind}-text` })
  );
}

/** What went missing between two hops, over the line for requests and under it for replies. */
function drawMissing(leg: LegFinding, { x, y }: Point): string {
  const below = leg.direction === "reply";
  const share = leg.sent === 0 ? "" : formatShare(leg.missing / leg.sent);
  return (
    label(`−${leg.missing} of ${leg.sent}`, { x, y: below ? y + 28 : y - 18, class: "missing-count" }) +
    label(share, { x, y: below ? y + 41 : y - 5 - 26, class: "missing-share" })
  );
}

interface Change {
  readonly rewrite: RewriteFinding;
  readonly x: number;
}

/** Between the hop that shows the packets as they were and the one that shows them changed; nowhere where they are not drawn. */
function placeChange(rewrite: RewriteFinding, placed: readonly Placed[]): Change[] {
  const find = (ref: HopRef): number | undefined => placed.find(({ hop }) => isSameHop(hop, ref))?.x;
  const [before, after] = [find(rewrite.before), find(rewrite.after)];
  const ends = [before, after].filter((x) => x !== undefined);
  return ends.length === 0 ? [] : [{ rewrite, x: ends.reduce((sum, x) => sum + x, 0) / ends.length }];
}

/** A row of its own under the boxes, with a line up to where it happens. */
function drawChange(
  { rewrite, x }: Change,
  { row, rows, width }: { readonly row: number; readonly rows: Rows; readonly width: number },
): string {
  const text = fitColumns(visible(`⇄ ${rewrite.direction}: ${describeChange(rewrite)}`), 96).trimEnd();
  const half = (text.length * 6.6) / 2 + 8;
  const y = rows.bottom + 20 + row * CHANGE_HEIGHT;
  const middle = Math.max(half, Math.min(x, width - half));
  return (
    line({ x, y: rows.pill + PILL_HEIGHT + 2 }, { x, y: y - 13 }, "change-line") +
    label(text, { x: middle, y, class: "change-text" })
  );
}
