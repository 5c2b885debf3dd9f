import type { FlowFinding, HopFinding } from "../model/findings.js";
import { fitColumns, measureColumns } from "../text/columns.js";
import { BROKEN, type TextStyle } from "./text-style.js";
import { describeLoss, groupByNode, isSameHop, locateBreak } from "./words.js";

const COUNT_COLUMNS = 9;
const ROLE_COLUMNS = 10;
const NAME_COLUMNS = 18;
const INDENT = "  ";

/** The path drawn downwards, a line a hop, the break across it. `hops` is one of the flow's two lists. */
export function drawPath(flow: FlowFinding, hops: readonly HopFinding[], style: TextStyle): string[] {
  const breakAt = locateBreak(flow, hops);
  const lines: string[] = [];
  for (const [groupIndex, group] of groupByNode(hops).entries()) {
    lines.push(drawNode(group.node, groupIndex === 0, style));
    for (const hop of group.hops) {
      const at = hops.indexOf(hop);
      lines.push(drawHop(hop, isLive(hops, at), style));
      if (endsAt(flow, hops) === at) lines.push(drawEnd(flow, style));
      if (breakAt?.after === at) lines.push(drawBreak(flow, style));
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

function drawNode(node: string, first: boolean, style: TextStyle): string {
  const name = fitColumns(style.show(node), leftColumns(), style.glyphs.more);
  if (!first) return `${INDENT}${style.paint(name.trimEnd(), "bold")}`;
  const head = `${"request".padStart(COUNT_COLUMNS)}  ${"reply".padStart(COUNT_COLUMNS)}`;
  return `${INDENT}${style.paint(name, "bold")}${style.paint(head, "dim")}`;
}

function leftColumns(): number {
  return 2 + NAME_COLUMNS + ROLE_COLUMNS;
}

function drawHop(hop: HopFinding, live: boolean, style: TextStyle): string {
  const { glyphs } = style;
  const mark = live ? style.paint(glyphs.seen, "green") : style.paint(glyphs.missing, "dim");
  const name = fitColumns(style.show(hop.interface), NAME_COLUMNS - 1, glyphs.more);
  const role = style.paint(hop.role.padEnd(ROLE_COLUMNS), "dim");
  const request = drawCount(hop.request.packets, glyphs.down, style);
  const reply = drawCount(hop.reply.packets, glyphs.up, style);
  const drops =
    hop.droppedByKernel === 0
      ? ""
      : style.paint(`  ${glyphs.warn} ${hop.droppedByKernel} dropped by kernel`, "yellow");
  return `${INDENT}${mark} ${live ? name : style.paint(name, "dim")} ${role}${request}  ${reply}${drops}`;
}

function drawCount(count: number, arrow: string, style: TextStyle): string {
  if (count === 0) return style.paint(style.glyphs.none.padStart(COUNT_COLUMNS), "dim");
  return style.paint(`${count} ${arrow}`.padStart(COUNT_COLUMNS), "green");
}

function drawLink(hops: readonly HopFinding[], at: number, style: TextStyle): string {
  const passes = isLive(hops, at) && isLive(hops, at + 1);
  return `${INDENT}${style.paint(passes ? style.glyphs.link : style.glyphs.gap, "dim")}`;
}

function drawBreak(flow: FlowFinding, style: TextStyle): string {
  const { cross, heavy } = style.glyphs;
  const text = `${cross}${heavy.repeat(3)} LOST HERE: ${describeLoss(flow)} `;
  const columns = leftColumns() + 2 * COUNT_COLUMNS + 2;
  const rest = Math.max(3, columns - measureColumns(text));
  return `${INDENT}${style.paint(`${text}${heavy.repeat(rest)}`, BROKEN)}`;
}
