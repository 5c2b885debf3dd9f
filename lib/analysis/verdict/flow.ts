import type { CauseInput, CauseResult } from "../../model/cause.js";
import type { EvidenceEnd, EvidenceHop } from "../../model/evidence.js";
import type {
  FindingsEnd,
  ExchangeFinding,
  FlowFinding,
  HopFinding,
  HopRef,
  PacketRef,
  Verdict,
} from "../../model/findings.js";
import { detectAll } from "../detectors/registry.js";
import type { KeptPacket } from "../follow/ways.js";
import type { Sighting } from "../follow/sightings.js";
import type { DirectionTally } from "../follow/tally.js";
import { isOneWay } from "./due.js";
import { listEnded } from "./ended.js";
import { factsOf, type ComparedFlows } from "./facts.js";
import type { FrameReader } from "./frames.js";
import type { JudgedFlow } from "./judged.js";
import { describeLegs, shareOf } from "./legs.js";
import { listGrounds } from "./grounds.js";
import { listExchanges } from "./observation.js";
import { describeRate } from "./rate.js";
import { describeRewrites } from "./rewrites.js";
import { hopOf, type Route } from "./route.js";
import { buildTimeline } from "./timeline.js";

const MOST_REFERENCES = 8;
/** As many packets are tied to the nodes' words, at most. */
const MOST_LOST = 64;
/** The search for a cause with the parts that do not depend on the verdict filled in. */
export type FindFlowCause = (input: Omit<CauseInput, "state" | "drops" | "readText">) => CauseResult;

/** Writes a judged flow up: counts, verdict, cause, the packets that show it, and the timeline. */
export function describeFlow(
  judged: JudgedFlow,
  findCause: FindFlowCause,
  { others, frames }: { readonly others: ComparedFlows; readonly frames: FrameReader },
): FlowFinding {
  const { flow, route, found, decision } = judged;
  const { from, to } = flow;
  return {
    id: flow.id,
    from: describeEnd(from),
    to: {
      ...describeEnd(to),
      ...(to.service === undefined ? {} : { service: to.service }),
    },
    protocol: flow.protocol,
    probe: flow.probe,
    hops: route.requestHops.map((hop) => countHop(hop, judged)),
    ...(flow.replyHops === null ? {} : { replyHops: flow.replyHops.map((hop) => countHop(hop, judged)) }),
    verdict: describeVerdict(judged, frames, findCause),
    timeline: buildTimeline(judged, frames),
    legs: [
      ...describeLegs(found.request, decision.request, route),
      ...describeLegs(found.reply, decision.reply, route),
    ],
    rewrites: describeRewrites(judged),
    exchanges: describeExchanges(judged),
    findings: detectAll(factsOf(judged, others, frames)),
    connections: found.connectionCount,
    ...describeTimes(judged),
    ...(flow.unentered === undefined ? {} : { unentered: flow.unentered }),
  };
}

function describeEnd({ pod, node, ip, port, otherIp }: EvidenceEnd): FindingsEnd {
  return { pod, node, ip, port, ...(otherIp === undefined ? {} : { otherIp }) };
}

/** Flows that nobody asked about are drawn over time where they are broken. */
function describeTimes({ flow, found, decision }: JudgedFlow): Pick<FlowFinding, "rate"> {
  if (flow.probe === null && decision.status !== "lost") return {};
  const rate = describeRate(
    { tally: found.request, outcome: decision.request },
    { tally: found.reply, outcome: decision.reply },
  );
  return rate === null ? {} : { rate };
}

/** What the two ends said; flows to several backends of one Service are told by the first of them. */
function describeExchanges({ flow, found }: JudgedFlow): readonly ExchangeFinding[] {
  const { record } = found;
  const isFirst = record?.talk?.owner === record?.number;
  return isFirst ? listExchanges(found, { answerDue: flow.probe !== null && !isOneWay(flow) }) : [];
}

/** The contract's reference to the hop of a capture. */
export function refOf(route: Route, capture: number | null): HopRef | null {
  const hop = hopAt(route, capture);
  return hop === null ? null : { node: hop.node, role: hop.role, interface: hop.interface };
}

function hopAt(route: Route, place: number | null): EvidenceHop | null {
  return place === null ? null : hopOf(route, place);
}

function countHop(hop: EvidenceHop, { route, found }: JudgedFlow): HopFinding {
  const [place] = [...route.hopAt].find(([, { id }]) => id === hop.id) ?? [];
  const record = place === undefined ? null : route.places[place]!.record;
  const count = (tally: DirectionTally): HopFinding["request"] => ({
    packets: place === undefined ? 0 : tally.packets[place]!,
    bytes: place === undefined ? 0 : tally.bytes[place]!,
  });
  return {
    index: hop.index,
    node: hop.node,
    role: hop.role,
    interface: hop.interface,
    pcap: hop.pcap,
    request: count(found.request),
    reply: count(found.reply),
    droppedByKernel: record?.droppedByKernel ?? 0,
  };
}

function describeVerdict(judged: JudgedFlow, frames: FrameReader, findCause: FindFlowCause): Verdict {
  const { flow, route, found, decision } = judged;
  const { status, direction, refusal, doubts, lastSeen, firstMissing } = decision;
  const rejectedBy = refusal === null ? null : { ip: refusal.ip, node: refusal.node, how: refusal.how };
  const ended = listEnded(judged);
  const lost = ended.kept.slice(0, MOST_LOST).map((packet) => frames.readLost(sightingAt(packet, lastSeen)));
  const { cause, lookedAt, caveats } = findCause({
    flow,
    status,
    direction,
    lastSeen: hopAt(route, lastSeen),
    firstMissing: hopAt(route, firstMissing),
    lost: lost.sort((a, b) => a.seenAtSec - b.seenAtSec),
    lostCount: ended.count,
    uncertainCount: ended.uncertain,
    rejectedBy,
  });
  return {
    status,
    direction,
    lastSeen: refOf(route, lastSeen),
    firstMissing: refOf(route, firstMissing),
    confidence: doubts.confidence,
    grounds: listGrounds(decision, found, route),
    cause,
    lookedAt,
    rejectedBy,
    lost: { ...decision.lost, share: shareOf(decision.lost.packets, decision.lost.of) },
    caveats: [...doubts.caveats, ...caveats],
    packets: chooseReferences(judged, frames),
  };
}

/** The packets that show the verdict: what was lost, who refused, or the first that went through. */
function chooseReferences({ found, decision }: JudgedFlow, frames: FrameReader): PacketRef[] {
  const { brokenAt, refusal, lastSeen } = decision;
  const shown: (Sighting | undefined)[] = [];
  if (brokenAt !== null) shown.push(...brokenAt.kept.map((packet) => sightingAt(packet, lastSeen)));
  else if (refusal !== null)
    shown.push(...refusal.sightings, ...found.request.story.slice(0, 4).map((one) => one.sightings.at(-1)));
  else {
    const story = [found.request.story[0], found.reply.story[0]];
    for (const packet of story) shown.push(packet?.sightings[0], packet?.sightings.at(-1));
  }
  const unique = new Map(
    shown.flatMap((one) => (one === undefined ? [] : [[`${one.source} ${one.frame}`, one]])),
  );
  return [...unique.values()].slice(0, MOST_REFERENCES).map((sighting) => frames.read(sighting).ref);
}

/** A packet that a hop showed in pieces only stands at the last hop that showed it whole. */
function sightingAt(packet: KeptPacket, capture: number | null): Sighting {
  return packet.sightings.find(({ source }) => source === capture) ?? packet.sightings.at(-1)!;
}
