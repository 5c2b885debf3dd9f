import type { FlowAlike } from "../../model/cause.js";
import type { EvidenceHop } from "../../model/evidence.js";
import type { KeptPacket } from "../follow/ways.js";
import type { JudgedFlow } from "./judged.js";
import { hopOf } from "./route.js";

/** The packets of a flow that ended at its break: those that the nodes are asked about. */
interface Ended {
  readonly kept: readonly KeptPacket[];
  readonly count: number;
  /** Ended there as well and in no count: packets near the captures' ends, and RSTs of connections that were over. */
  readonly uncertain: number;
}

/** Lost ones where packets were lost; all that came to the last hop where nobody answered or the far end refused. */
export function listEnded({ found, decision }: JudgedFlow): Ended {
  const { status, direction, brokenAt, lastSeen, unsent } = decision;
  // TCP may have tried each of them more than once.
  if (unsent > 0) return { kept: [], count: unsent, uncertain: unsent };
  const tally = direction === "reply" ? found.reply : found.request;
  const outcome = direction === "reply" ? decision.reply : decision.request;
  const main = status === "rejected" ? (outcome.breaks[0] ?? null) : brokenAt;
  if (main !== null) {
    const stopped = tally.ways.filter(({ last }) => last === main.position);
    const uncertain = stopped.reduce(
      (sum, way) =>
        sum + (outcome.spared.has(way) ? way.packets : way.undecided + way.lateResets + way.copies),
      0,
    );
    return { kept: main.kept, count: main.lost, uncertain };
  }
  if (lastSeen === null || (status !== "unanswered" && status !== "rejected"))
    return { kept: [], count: 0, uncertain: 0 };
  return { kept: tally.story, count: tally.packets[lastSeen]!, uncertain: 0 };
}

/** What the run's other flows showed where this one ended. */
interface Comparison {
  readonly alike: readonly FlowAlike[];
  readonly largestPassedIpBytes: number | null;
}

export function compareFlows(judged: JudgedFlow, run: readonly JudgedFlow[]): Comparison {
  const node = nodeOfBreak(judged);
  const alike = run.flatMap((other): FlowAlike[] => {
    const { kept, count, uncertain } = listEnded(other);
    if (other === judged || count === 0 || nodeOfBreak(other) !== node) return [];
    const { status, direction, lastSeen, firstMissing } = other.decision;
    return [
      {
        flow: other.flow,
        status,
        direction,
        lastSeen: hopAt(other, lastSeen),
        firstMissing: hopAt(other, firstMissing),
        lostCount: count,
        uncertainCount: uncertain,
        smallestLostIpBytes: kept.length < count ? null : Math.min(...kept.map(({ ipBytes }) => ipBytes)),
      },
    ];
  });
  return { alike, largestPassedIpBytes: findLargestPassed(judged, run) };
}

function nodeOfBreak(judged: JudgedFlow): string | undefined {
  const { lastSeen, firstMissing } = judged.decision;
  return hopAt(judged, lastSeen ?? firstMissing)?.node;
}

function hopAt({ route }: JudgedFlow, capture: number | null): EvidenceHop | null {
  return capture === null ? null : hopOf(route, capture);
}

/** null too where a flow had more packets than are kept: a larger one may have passed. */
function findLargestPassed(judged: JudgedFlow, run: readonly JudgedFlow[]): number | null {
  const { route, decision } = judged;
  if (decision.lastSeen === null || decision.firstMissing === null) return null;
  const break_ = [decision.lastSeen, decision.firstMissing].map((place) => hopOf(route, place).id);
  const sizes = [];
  for (const other of run) {
    const isReply = decision.direction === "reply";
    const tally = isReply ? other.found.reply : other.found.request;
    // Also places that show none of its packets, where the break was told by other means.
    const order = isReply ? other.route.replyOrder : other.route.requestOrder;
    const [before, behind] = break_.map((id) =>
      order.findIndex((place) => hopOf(other.route, place).id === id),
    ) as [number, number];
    if (before < 0 || behind < 0) continue;
    if (tally.ways.reduce((sum, { packets }) => sum + packets, 0) > tally.story.length) return null;
    const passed = tally.story.filter((packet) => cameThrough(packet, order, { before, behind }));
    sizes.push(...passed.map(({ ipBytes }) => Math.min(ipBytes, mtuOf(other))));
  }
  return sizes.length === 0 ? null : Math.max(...sizes);
}

function cameThrough(
  packet: KeptPacket,
  order: readonly number[],
  { before, behind }: { before: number; behind: number },
): boolean {
  const seenAt = packet.sightings.map(({ source }) => order.indexOf(source));
  return seenAt.some((position) => position <= before) && seenAt.some((position) => position >= behind);
}

/** What looks larger than a device takes was cut into pieces of that size on its way (GSO). */
function mtuOf({ route }: JudgedFlow): number {
  return Math.min(...route.hops.flatMap(({ mtuBytes }) => (mtuBytes === null ? [] : [mtuBytes])));
}
