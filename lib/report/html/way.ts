import type { FlowFinding, HopFinding, LegFinding } from "../../model/findings.js";
import { escapeMarkup as esc } from "../escape.js";
import { describeChange } from "../flow-words.js";
import { describeMissing, findLeg, isSameHop } from "../legs.js";
import { describeLoss, groupByNode, locateBreak } from "../words.js";

type Lane = LegFinding["direction"];

/**
 * The way downwards, a row a hop: for narrow screens, and for ways that are too long to be drawn side by side. What went
 * missing and what changed stands between the rows.
 */
export function renderWay(flow: FlowFinding, hops: readonly HopFinding[]): string {
  const lanes: readonly Lane[] = hops === flow.replyHops ? ["reply"] : ["request", "reply"];
  const head = lanes.map((lane) => `<th scope="col" class="number">${lane}</th>`).join("");
  const columns = lanes.length + 1;
  let at = 0;
  const bodies = groupByNode(hops).map(({ node, hops: ofNode }) => {
    const rows = ofNode.map((hop) => {
      const between = renderBetween(flow, hops, { at, lanes, columns });
      at += 1;
      return renderHop(hop, lanes) + between;
    });
    return `<tbody><tr><th scope="rowgroup" colspan="${columns}">${esc(node)}</th></tr>${rows.join("")}</tbody>`;
  });
  return `<table class="way"><thead><tr><th scope="col">hop</th>${head}</tr></thead>${bodies.join("")}</table>`;
}

function renderHop(hop: HopFinding, lanes: readonly Lane[]): string {
  const live = hop.request.packets + hop.reply.packets > 0;
  const counts = lanes.map(
    (lane) => `<td class="number${hop[lane].packets === 0 ? " zero" : ""}">${hop[lane].packets}</td>`,
  );
  const missed =
    hop.droppedByKernel === 0 ? "" : ` <span class="missed">${hop.droppedByKernel} not captured</span>`;
  return `<tr class="${live ? "live" : "unseen"}"><td><span class="mono">${esc(hop.interface)}</span> <span class="traffic">${hop.role}</span>${missed}</td>${counts.join("")}</tr>`;
}

interface Place {
  readonly at: number;
  readonly lanes: readonly Lane[];
  readonly columns: number;
}

function renderBetween(
  flow: FlowFinding,
  hops: readonly HopFinding[],
  { at, lanes, columns }: Place,
): string {
  const breakAt = locateBreak(flow, hops);
  const lines = lanes.flatMap((lane) => {
    const leg = findLeg(flow, hops, { at, direction: lane });
    if (breakAt?.after === at && breakAt.direction === lane) return [`✕ ${describeLoss(flow)} lost here`];
    return leg === undefined || leg.missing === 0 ? [] : [`✕ ${lane}: ${describeMissing(leg)} missing`];
  });
  const hop = hops[at];
  const changes = (flow.rewrites ?? []).filter(
    ({ before, direction }) => lanes.includes(direction) && hop !== undefined && isSameHop(before, hop),
  );
  const row = (className: string, text: string): string =>
    `<tr class="${className}"><td colspan="${columns}">${esc(text)}</td></tr>`;
  return [
    ...lines.map((text) => row("cut", text)),
    ...changes.map((change) => row("change", `⇄ ${change.direction}: ${describeChange(change)}`)),
  ].join("");
}
