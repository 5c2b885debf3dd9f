import type { VerdictStatus } from "../../model/findings.js";
import { REPLY, REQUEST } from "../follow/ends.js";
import { identifyProbes } from "../follow/identity.js";
import type { DirectionTally } from "../follow/tally.js";
import { judgeAnswers } from "./answers.js";
import { doubtCapture, doubtGap, Doubts, doubtUnseen, nameHop, noteEvidence, noteProbes } from "./doubts.js";
import type { DecideInput } from "./input.js";
import { doubtArrival, noteUnentered } from "./half-seen.js";
import { explainSilence, findUnsent } from "./inconclusive.js";
import { discountMissed, doubtAcknowledged } from "./missed.js";
import { describeUndecided, noteDelivered, noteLoss, noteTransport } from "./notes.js";
import { sumUp, type Break, type Outcome } from "./outcome.js";
import { findLastingRefusal, findTcpRefusal, type Refusal } from "./refusal.js";
import { hopOf } from "./route.js";

/** A verdict in the analysis' own terms: places rather than hops, sightings rather than references. */
export interface Decision {
  readonly status: VerdictStatus;
  readonly direction: "request" | "reply" | null;
  /** Places; null where there is none. */
  readonly lastSeen: number | null;
  readonly firstMissing: number | null;
  readonly lost: { readonly packets: number; readonly of: number };
  readonly brokenAt: Break | null;
  /** Attempts of which nothing was seen, not even at their sender; 0 where something was. */
  readonly unsent: number;
  readonly refusal: Refusal | null;
  readonly request: Outcome;
  readonly reply: Outcome;
  readonly doubts: Doubts;
}

const NOTHING_LOST = { packets: 0, of: 0 };

/** Argues the verdict from what the hops showed: design rules in the order in which one excludes the next. */
export function decide(input: DecideInput): Decision {
  const { found, flow, route, probes, leaves } = input;
  const doubts = new Doubts();
  noteEvidence(doubts, found, input);
  const reply = discountMissed(sumUp(found.reply), found.reply, { input, doubts });
  const seen = discountMissed(sumUp(found.request), found.request, { input, doubts });
  doubtAcknowledged(reply, found.reply, { input, doubts });
  const refusal = findRequestRefusal(input, seen, reply);
  const excused = refusal === null ? excuseAnswered(seen, input, doubts) : null;
  if (excused === null) doubtAcknowledged(seen, found.request, { input, doubts });
  const request = excused ?? seen;
  const basis = { request, reply, doubts, refusal: null, brokenAt: null, unsent: 0, lost: NOTHING_LOST };
  const nowhere = { direction: null, lastSeen: null, firstMissing: null } as const;
  noteTransport(input, request, reply, doubts);
  if (request.sent === 0) {
    explainSilence(doubts, input);
    noteUnentered(input, doubts);
    const { firstMissing, attempts: unsent } = findUnsent(input) ?? { firstMissing: null, attempts: 0 };
    return { ...basis, ...nowhere, firstMissing, unsent, status: "inconclusive" };
  }
  noteUnentered(input, doubts);
  if ((refusal !== null || request.lost > 0) && maybeElsewhere(input, refuse(found.request, request), doubts))
    return { ...basis, ...refuse(found.request, request), status: "inconclusive" };
  noteProbes(doubts, probes, refusal === null && request.lost === 0 && reply.sent > 0 && reply.lost === 0);
  if (refusal !== null) return { ...basis, ...refuse(found.request, request), refusal, status: "rejected" };
  if (request.lost > 0) return { ...basis, ...lose(input, found.request, { outcome: request, doubts }) };
  if (leaves.length > 0) doubts.doubt(describeLeaving(leaves));
  if (leaves.length > 0 && reply.lost === 0) {
    return { ...basis, ...refuse(found.request, request), status: "inconclusive" };
  }
  if (excused !== null) return { ...basis, ...refuse(found.request, seen), status: "inconclusive" };
  const ofReply = { direction: REPLY, outcome: reply } as const;
  const replyRefusal = findLastingRefusal(found.rejections, ofReply, { flow, route });
  if (replyRefusal !== null && reply.lost > 0)
    return { ...basis, ...refuse(found.reply, reply), refusal: replyRefusal, status: "rejected" };
  if (reply.lost > 0) return { ...basis, ...lose(input, found.reply, { outcome: reply, doubts }) };
  const unanswered = judgeAnswers(input, { request, reply, doubts });
  if (unanswered !== null) {
    const { status, of } = unanswered;
    if (of === REPLY)
      return { ...basis, ...nowhere, direction: "reply", lastSeen: farthest(found.reply), status };
    doubtArrival(input, REQUEST, doubts);
    return { ...basis, ...nowhere, lastSeen: farthest(found.request), status };
  }
  if (reply.sent > 0 && reply.arrived === 0) {
    if (reply.undecided > 0) doubts.doubt(describeUndecided(reply, "reply"));
    const lastSeen = farthest(found.reply);
    return { ...basis, status: "inconclusive", direction: "reply", lastSeen, firstMissing: null };
  }
  noteDelivered(input, request, reply, doubts);
  if (reply.sent > 0) doubtArrival(input, REPLY, doubts);
  else doubtArrival(input, REQUEST, doubts);
  return { ...basis, ...nowhere, status: "delivered" };
}

/**
 * Requests that never showed at the far hops, though answers to them came: another machine has the address, they took
 * another way, or the captures there missed them. They are no loss, and no delivery that was seen; null where that is
 * not so.
 */
function excuseAnswered(request: Outcome, { found, route }: DecideInput, doubts: Doubts): Outcome | null {
  const [main] = request.breaks;
  const { leavesAt } = request.spared;
  const lastAt = leavesAt ?? main?.position;
  if (lastAt === undefined || request.arrived > 0) return null;
  const answered = Math.max(...found.request.order.map((place) => found.reply.packets[place]!));
  if (answered === 0 && leavesAt === null) return null;
  const missing = found.request.order.slice(lastAt + 1);
  const where = missing.map((place) => nameHop(hopOf(route, place))).join(", ");
  const seen = nameHop(hopOf(route, found.request.order[lastAt]!));
  doubts.doubt(
    `Requests were answered, and never seen behind ${seen} (${where}): another machine has that address, they took another way or another address, or those captures missed them`,
  );
  // What was lost before they left the way stays lost.
  if (leavesAt !== null) return request;
  const isStream = found.connections.some(({ story }) => story.syns + story.synAcks > 0);
  const lost = isStream ? 0 : Math.max(0, request.lost - answered);
  const breaks = lost === 0 ? [] : [{ ...main!, lost: Math.min(main!.lost, lost) }];
  return { ...request, lost, breaks };
}

function describeLeaving(leaves: DecideInput["leaves"]): string {
  const where = leaves.map(nameHop).join(", ");
  return `Requests were answered, and no packet at all was seen at ${where}: another machine answered, the captures there missed it, or they are no part of its way`;
}

function findRequestRefusal(input: DecideInput, request: Outcome, reply: Outcome): Refusal | null {
  const { found, flow, route } = input;
  const tcp = findTcpRefusal(found.connections, { flow, route });
  if (tcp !== null) return tcp;
  const ofRequest = { direction: REQUEST, outcome: request } as const;
  const icmp = findLastingRefusal(found.rejections, ofRequest, { flow, route });
  if (icmp === null) return null;
  // An error about packets that were answered, or whose bytes came through later, has been overcome.
  return request.lost > 0 || reply.sent === 0 ? icmp : null;
}

/**
 * Whether what stopped on the sending node may have gone to another backend of the Service: of a ClusterIP's packets
 * nothing says to which, until they leave the node. Our own probes go to the followed backend's own address.
 */
function maybeElsewhere({ flow, route, probes }: DecideInput, { lastSeen }: Where, doubts: Doubts): boolean {
  const { otherBackends = 0, addresses } = flow.to;
  const isHere = hopOf(route, lastSeen!).node === flow.from.node;
  if (otherBackends === 0 || !isHere || identifyProbes(probes).known) return false;
  const sentTo = addresses[0]!.ip;
  doubts.doubt(
    `What was sent to ${sentTo} may have gone to the Service's ${otherBackends} other backends, which were not followed`,
  );
  return true;
}

/** The last place of the way that shows any packet. */
function farthest({ order, ways }: DirectionTally): number {
  return order[Math.max(...ways.map(({ last }) => last))]!;
}

type Where = Pick<Decision, "direction" | "lastSeen" | "firstMissing">;

function refuse(tally: DirectionTally, outcome: Outcome): Where {
  const position = outcome.breaks[0]?.position ?? outcome.spared.leavesAt ?? tally.order.length - 1;
  return {
    direction: tally.direction === REQUEST ? "request" : "reply",
    lastSeen: tally.order[position]!,
    firstMissing: tally.order[position + 1] ?? null,
  };
}

function lose(
  input: DecideInput,
  tally: DirectionTally,
  at: { outcome: Outcome; doubts: Doubts },
): Where & Pick<Decision, "status" | "brokenAt" | "lost"> {
  const { outcome, doubts } = at;
  const { route } = input;
  const main = outcome.breaks[0]!;
  const place = refuse(tally, outcome);
  const way = tally.direction === REQUEST ? route.requestHops : route.replyHops;
  const between = [hopOf(route, place.lastSeen!), hopOf(route, place.firstMissing!)] as const;
  doubtGap(doubts, way, between);
  doubtUnseen(doubts, input.flow.unseen ?? [], between);
  noteLoss(doubts, tally, { main, others: outcome.breaks.slice(1), route });
  doubtCapture(doubts, place.firstMissing!, route);
  return { ...place, status: "lost", brokenAt: main, lost: { packets: main.lost, of: main.of } };
}
