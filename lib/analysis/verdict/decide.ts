import type { VerdictStatus } from "../../model/findings.js";
import type { Correlation } from "../correlate/correlate.js";
import { REPLY, REQUEST } from "../correlate/ends.js";
import { identifyProbes } from "../correlate/identity.js";
import type { DirectionTally } from "../correlate/tally.js";
import { doubtCapture, doubtGap, Doubts, doubtUnseen, nameHop, noteEvidence, noteProbes } from "./doubts.js";
import type { DecideInput } from "./input.js";
import { explainSilence } from "./inconclusive.js";
import { sumUp, type Break, type Outcome } from "./outcome.js";
import { findIcmpRefusals, findTcpRefusal, type Refusal } from "./refusal.js";

/** A verdict in the analysis' own terms: captures rather than hops, sightings rather than references. */
export interface Decision {
  readonly status: VerdictStatus;
  readonly direction: "request" | "reply" | null;
  /** Captures; null where there is none. */
  readonly lastSeen: number | null;
  readonly firstMissing: number | null;
  readonly lost: { readonly packets: number; readonly of: number };
  readonly brokenAt: Break | null;
  readonly refusal: Refusal | null;
  readonly request: Outcome;
  readonly reply: Outcome;
  readonly doubts: Doubts;
}

/** Argues the verdict from what the hops showed: design rules in the order in which one excludes the next. */
export function decide(input: DecideInput): Decision {
  const { found, route, flow, probes } = input;
  const doubts = new Doubts();
  noteEvidence(doubts, found, input);
  const reply = sumUp(found.reply);
  const seen = excuseSilentFarHops(sumUp(found.request), found, doubts);
  const refusal = findRequestRefusal(input, seen, reply);
  const request = refusal === null ? excuseAnswered(seen, found, doubts) : seen;
  const basis = { request, reply, doubts, refusal: null, brokenAt: null, lost: { packets: 0, of: 0 } };
  noteTransport(input, request, reply, doubts);
  if (request.sent === 0) {
    explainSilence(doubts, input);
    return { ...basis, status: "inconclusive", direction: null, lastSeen: null, firstMissing: null };
  }
  if ((refusal !== null || request.lost > 0) && maybeElsewhere(input, refuse(found.request, request), doubts))
    return { ...basis, ...refuse(found.request, request), status: "inconclusive" };
  noteProbes(doubts, probes, refusal === null && request.lost === 0 && reply.sent > 0 && reply.lost === 0);
  if (refusal !== null) return { ...basis, ...refuse(found.request, request), refusal, status: "rejected" };
  if (request.lost > 0) return { ...basis, ...lose(input, found.request, { outcome: request, doubts }) };
  const far = found.request.order.at(-1)!;
  if (reply.sent === 0) return { ...basis, ...judgeUnanswered(input, request, doubts), lastSeen: far };
  const [replyRefusal] = findIcmpRefusals(found.rejections, REPLY, { flow, route });
  if (replyRefusal !== undefined && reply.lost > 0)
    return { ...basis, ...refuse(found.reply, reply), refusal: replyRefusal, status: "rejected" };
  if (reply.lost > 0) return { ...basis, ...lose(input, found.reply, { outcome: reply, doubts }) };
  if (reply.arrived === 0) return { ...basis, ...judgeUndecidedReply(reply, found.reply, doubts) };
  noteDelivered(input, request, reply, doubts);
  return { ...basis, status: "delivered", direction: null, lastSeen: null, firstMissing: null };
}

/** Requests that were answered from beyond the break did arrive: a hop there does not show them. */
function excuseSilentFarHops(request: Outcome, found: Correlation, doubts: Doubts): Outcome {
  const main = request.breaks[0];
  if (main === undefined) return request;
  const beyond = found.request.order.slice(main.position + 1);
  const answered = Math.max(...beyond.map((capture) => found.reply.packets[capture]!));
  // A hop that shows some requests is not silent; only one that shows none of them may be.
  if (answered === 0 || request.arrived > 0) return request;
  doubts.doubt("Silent hops: requests were answered from beyond the hop where they were last seen");
  const isStream = found.connections.length > 0;
  const lost = isStream ? 0 : Math.max(0, request.lost - answered);
  const breaks = lost === 0 ? [] : [{ ...main, lost: Math.min(main.lost, lost) }];
  return { ...request, lost, breaks, arrived: request.arrived + request.lost - lost };
}

/**
 * Replies that reached the sender answer requests that arrived, wherever those stopped to show: an address was
 * rewritten on the way (SNAT), or they take another way than the one that was captured.
 */
function excuseAnswered(request: Outcome, found: Correlation, doubts: Doubts): Outcome {
  if (request.breaks.length === 0 || request.arrived > 0) return request;
  const sender = found.request.order[0]!;
  if (found.reply.packets[sender]! === 0) return request;
  doubts.doubt(
    "Requests were answered though they were not seen at every hop: another address or way than expected",
  );
  return { ...request, lost: 0, breaks: [], arrived: request.arrived + request.lost };
}

function findRequestRefusal(input: DecideInput, request: Outcome, reply: Outcome): Refusal | null {
  const { found, flow, route } = input;
  const tcp = findTcpRefusal(found.connections, { flow, route });
  if (tcp !== null) return tcp;
  const [icmp] = findIcmpRefusals(found.rejections, REQUEST, { flow, route });
  if (icmp === undefined) return null;
  // An error about packets that were answered, or whose bytes came through later, has been overcome.
  return request.lost > 0 || reply.sent === 0 ? icmp : null;
}

/**
 * Whether what stopped on the sending node may have gone to another backend of the Service: of a ClusterIP's packets
 * nothing says to which, until they leave the node. Our own probes go to the followed backend's own address.
 */
function maybeElsewhere({ flow, route, probes }: DecideInput, { lastSeen }: Place, doubts: Doubts): boolean {
  const { otherBackends = 0, addresses } = flow.to;
  const isHere = route.hopOfCapture[lastSeen!]!.node === flow.from.node;
  if (otherBackends === 0 || !isHere || identifyProbes(probes).known) return false;
  const sentTo = addresses[0]!.ip;
  doubts.doubt(
    `What was sent to ${sentTo} may have gone to the Service's ${otherBackends} other backends, which were not followed`,
  );
  return true;
}

type Place = Pick<Decision, "direction" | "lastSeen" | "firstMissing">;

function refuse(tally: DirectionTally, outcome: Outcome): Place {
  const position = outcome.breaks[0]?.position ?? tally.order.length - 1;
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
): Place & Pick<Decision, "status" | "brokenAt" | "lost"> {
  const { outcome, doubts } = at;
  const { route } = input;
  const main = outcome.breaks[0]!;
  const place = refuse(tally, outcome);
  const [before, behind] = [place.lastSeen!, place.firstMissing!];
  const way = tally.direction === REQUEST ? route.requestHops : route.replyHops;
  const between = [route.hopOfCapture[before]!, route.hopOfCapture[behind]!] as const;
  doubtGap(doubts, way, between);
  doubtUnseen(doubts, input.flow.unseen ?? [], between);
  for (const other of outcome.breaks.slice(1)) {
    const hop = route.hopOfCapture[tally.order[other.position]!]!;
    doubts.note(`${other.lost} more packets were last seen at ${nameHop(hop)}`);
  }
  const mayHaveMissed = doubtCapture(doubts, behind, route);
  const isLast = main.position + 1 === tally.order.length - 1;
  // The last hop's capture alone speaks for the loss, and it lost packets itself.
  if (mayHaveMissed && isLast && outcome.arrived === 0)
    return { ...place, status: "inconclusive", brokenAt: null, lost: { packets: 0, of: 0 } };
  return { ...place, status: "lost", brokenAt: main, lost: { packets: main.lost, of: outcome.sent } };
}

function judgeUnanswered(
  input: DecideInput,
  request: Outcome,
  doubts: Doubts,
): Pick<Decision, "status" | "direction" | "firstMissing"> {
  const { route, flow } = input;
  const verdict = { direction: null, firstMissing: null } as const;
  const farHop = route.requestHops.at(-1);
  const isFarCaptured = route.hopOfCapture[route.requestOrder.at(-1)!]!.id === farHop?.id;
  if (request.arrived === 0 || !isFarCaptured) {
    if (request.undecided > 0) doubts.doubt(describeUndecided(request, "request"));
    return { ...verdict, status: "inconclusive" };
  }
  if (flow.protocol === "udp" && flow.probe === null)
    doubts.doubt("A UDP protocol that needs no reply looks the same");
  return { ...verdict, status: "unanswered" };
}

function judgeUndecidedReply(
  reply: Outcome,
  tally: DirectionTally,
  doubts: Doubts,
): Place & Pick<Decision, "status"> {
  doubts.doubt(describeUndecided(reply, "reply"));
  return {
    status: "inconclusive",
    direction: "reply",
    lastSeen: tally.order[reply.base]!,
    firstMissing: null,
  };
}

function describeUndecided(outcome: Outcome, word: string): string {
  return `${outcome.undecided} ${word} packets were not judged: a capture did not cover their time`;
}

/** What happened on the way to a verdict and does not change it. */
function noteTransport(input: DecideInput, request: Outcome, reply: Outcome, doubts: Doubts): void {
  for (const [outcome, tally] of [
    [request, input.found.request],
    [reply, input.found.reply],
  ] as const) {
    const word = tally.direction === REQUEST ? "request" : "reply";
    const again = Math.max(0, ...tally.retransmitted);
    if (again > 0) doubts.note(`${again} ${word} packets were retransmissions`);
    if (outcome.bareLost > 0) doubts.note(`${outcome.bareLost} bare ACKs of the ${word} direction were lost`);
    if (outcome.undecided > 0) doubts.note(describeUndecided(outcome, word));
    if (outcome.sent > 0 && outcome.base > 0) {
      const hop = input.route.hopOfCapture[tally.order[0]!]!;
      doubts.doubt(`The ${word} direction does not show at ${nameHop(hop)}, the first hop with a capture`);
    }
    if (outcome.strays > 0) doubts.note(`${outcome.strays} ${word} packets were seen at later hops only`);
  }
}

function noteDelivered(input: DecideInput, request: Outcome, reply: Outcome, doubts: Doubts): void {
  const { found, flow, route } = input;
  const isStream = flow.protocol === "tcp";
  if (!isStream && reply.sent < request.arrived)
    doubts.note(`${request.arrived - reply.sent} of ${request.sent} requests arrived and were not answered`);
  const own = found.connections.filter((connection) => connection.own);
  const resets = own.filter(({ reset }) => reset !== null).length;
  if (resets > 0) doubts.note(`${resets} of ${own.length} connections ended with a RST from the far end`);
  for (const { how, ip, count } of findIcmpRefusals(found.rejections, REQUEST, { flow, route }))
    doubts.note(`${ip} answered ${count} times with ${how}, and the requests came through all the same`);
  for (const { how, ip, count } of findIcmpRefusals(found.rejections, REPLY, { flow, route }))
    doubts.note(`${ip} answered ${count} replies with ${how}`);
}
