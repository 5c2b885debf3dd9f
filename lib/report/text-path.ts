import type { FlowFinding, HopFinding } from "../model/findings.js";
import { fitColumns, measureColumns } from "../text/columns.js";
import { BROKEN, type TextStyle } from "./text-style.js";
import { describeLoss, groupByNode, locateBreak } from "./words.js";
import { isSameHop } from "./legs.js";

type Lane = "request" | "reply";

const COUNT_COLUMNS = 9;
const ROLE_COLUMNS = 10;
/** At least; more where names are longer and the line has room. */
const NAME_COLUMNS = 18;
const INDENT = "  ";

/** The path drawn downwards, a line a hop, the break across it. `hops` is one of the flow's two lists. */
export function drawPath(flow: FlowFinding, hops: readonly HopFinding[], style: TextStyle): string[] {
  const breakAt = locateBreak(flow, hops);
  const lanes: readonly Lane[] = hops === flow.replyHops ? ["reply"] : ["request", "reply"];
  const names = nameColumns(hops, style);
  const lines: string[] = [];
  for (const [groupIndex, group] of groupByNode(hops).entries()) {
    lines.push(drawNode(group.node, { lanes: groupIndex === 0 ? lanes : [], names }, style));
    for (const hop of group.hops) {
      const at = hops.indexOf(hop);
      lines.push(drawHop(hop, { live: isLive(hops, at), lanes, names }, style));
      if (endsAt(flow, hops) === at) lines.push(drawEnd(flow, style));
      if (breakAt?.after === at) lines.push(drawBreak(flow, names, style));
      else if (at === hops.length - 1) continue;
      else if (group.hops.at(-1) === hop) lines.push(drawLink(hops, at, style));
    }
  }
  return lines;
}

/** The hop at which packets were turned away, or arrived for nothing; -1 where neither is so. */
function endsAt(flow: FlowFinding, hops: readonly HopFinding[]): number {
  const { status, lastSeen } = flow.verdict;
  if ((status !== "rejected" && status !== "unanswered") || hops !== flow.hops) return -1;
  const at = lastSeen === null ? -1 : hops.findIndex((hop) => isSameHop(hop, lastSeen));
  return at === -1 ? hops.length - 1 : at;
}

function drawEnd(flow: FlowFinding, style: TextStyle): string {
  const by = flow.verdict.rejectedBy;
  const text = by === null ? "NO REPLY FROM HERE" : `REJECTED: ${by.how} from ${by.ip}`;
  const paint = flow.verdict.status === "rejected" ? BROKEN : "yellow";
  const mark = `${style.glyphs.cross}${style.glyphs.heavy.repeat(3)}`;
  const shown = fitColumns(style.show(text), style.width - 8, style.glyphs.more).trimEnd();
  return `${INDENT}${style.paint(`${mark} ${shown}`, paint)}`;
}

/** Packets were seen here in at least one direction. */
function isLive(hops: readonly HopFinding[], at: number): boolean {
  const hop = hops[at];
  return hop !== undefined && hop.request.packets + hop.reply.packets > 0;
}

/** `lanes`: what the columns behind it are called; none where a node before it said so. */
function drawNode(
  node: string,
  { lanes, names }: { readonly lanes: readonly Lane[]; readonly names: number },
  style: TextStyle,
): string {
  const name = fitColumns(style.show(node), leftColumns(names), style.glyphs.more);
  if (lanes.length === 0) return `${INDENT}${style.paint(name.trimEnd(), "bold")}`;
  const head = lanes.map((lane) => lane.padStart(COUNT_COLUMNS)).join("  ");
  return `${INDENT}${style.paint(name, "bold")}${style.paint(head, "dim")}`;
}

/** What the names of these hops take, or may take. */
function nameColumns(hops: readonly HopFinding[], style: TextStyle): number {
  const longest = Math.max(0, ...hops.map((hop) => measureColumns(style.show(hop.interface))));
  const room = style.width - INDENT.length - leftColumns(0) - 2 * COUNT_COLUMNS - 2;
  return Math.max(NAME_COLUMNS, Math.min(longest + 1, room));
}

function leftColumns(names: number): number {
  return 2 + names + ROLE_COLUMNS;
}

function drawHop(
  hop: HopFinding,
  { live, lanes, names }: { readonly live: boolean; readonly lanes: readonly Lane[]; readonly names: number },
  style: TextStyle,
): string {
  const { glyphs } = style;
  const mark = live ? style.paint(glyphs.seen, "green") : style.paint(glyphs.missing, "dim");
  const name = fitColumns(style.show(hop.interface), names - 1, glyphs.more);
  const role = style.paint(hop.role.padEnd(ROLE_COLUMNS), "dim");
  const counts = lanes.map((lane) => drawCount(hop[lane].packets, lane, style)).join("  ");
  const drops =
    hop.droppedByKernel === 0
      ? ""
      : style.paint(`  ${glyphs.warn} ${hop.droppedByKernel} missed by tcpdump`, "yellow");
  return `${INDENT}${mark} ${live ? name : style.paint(name, "dim")} ${role}${counts}${drops}`;
}

function drawCount(count: number, lane: Lane, style: TextStyle): string {
  const arrow = lane === "request" ? style.glyphs.down : style.glyphs.up;
  if (count === 0) return style.paint(style.glyphs.none.padStart(COUNT_COLUMNS), "dim");
  return style.paint(`${count} ${arrow}`.padStart(COUNT_COLUMNS), "green");
}

function drawLink(hops: readonly HopFinding[], at: number, style: TextStyle): string {
  const passes = isLive(hops, at) && isLive(hops, at + 1);
  return `${INDENT}${style.paint(passes ? style.glyphs.link : style.glyphs.gap, "dim")}`;
}

function drawBreak(flow: FlowFinding, names: number, style: TextStyle): string {
  const { cross, heavy } = style.glyphs;
  const text = `${cross}${heavy.repeat(3)} LOST HERE: ${describeLoss(flow)} `;
  const columns = leftColumns(names) + 2 * COUNT_COLUMNS + 2;
  const rest = Math.max(3, columns - measureColumns(text));
  return `${INDENT}${style.paint(`${text}${heavy.repeat(rest)}`, BROKEN)}`;
}
