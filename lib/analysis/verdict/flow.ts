import type { CauseInput, CauseResult } from "../../model/cause.js";
import type { CaptureRecord, EvidenceHop, ProbeRecord } from "../../model/evidence.js";
import type { FlowFinding, HopFinding, HopRef, PacketRef, Verdict } from "../../model/findings.js";
import type { Sighting } from "../correlate/connections.js";
import { correlate, MOST_CAPTURES, type Correlation } from "../correlate/correlate.js";
import { identifyProbes } from "../correlate/identity.js";
import type { KeptPacket } from "../correlate/tally.js";
import { HopbookError } from "../../errors.js";
import { decide } from "./decide.js";
import { listEnded } from "./ended.js";
import { FrameReader } from "./frames.js";
import type { JudgedFlow } from "./judged.js";
import { buildRoute, type Route, type RouteInput } from "./route.js";
import { buildTimeline } from "./timeline.js";

const MOST_REFERENCES = 8;
/** As many packets are tied to the nodes' words, at most. */
const MOST_LOST = 64;
/** How long before a capture's end a packet may be missing from it: tcpdump's buffer holds up to 1 s. */
const TAIL_US = { probed: 300_000, watched: 1_200_000 } as const;

export interface FlowInput extends RouteInput {
  readonly probes: readonly ProbeRecord[];
}

/** The search for a cause with the parts that do not depend on the verdict filled in. */
export type FindFlowCause = (input: Omit<CauseInput, "state" | "drops" | "readText">) => CauseResult;

/** Reads the flow's captures and argues its verdict. Never throws for what a capture contains. */
export function judgeFlow(input: FlowInput): JudgedFlow {
  const { flow } = input;
  const probes = input.probes.filter((probe) => probe.flowId === flow.id);
  const route = buildRoute(input);
  if (route.captures.length > MOST_CAPTURES)
    throw new HopbookError(
      "EVIDENCE_INVALID",
      `Cannot follow flow ${flow.id}: current value is ${route.captures.length} hops, at most ${MOST_CAPTURES} are followed`,
    );
  const found = correlate({
    from: flow.from.addresses,
    to: flow.to.addresses,
    protocol: flow.protocol,
    captures: route.captures,
    requestOrder: route.requestOrder,
    replyOrder: route.replyOrder,
    identity: identifyProbes(probes),
    tailUs: flow.probe === null ? TAIL_US.watched : TAIL_US.probed,
  });
  return { flow, route, found, decision: decide({ flow, route, found, probes }) };
}

/** Writes a judged flow up: counts, verdict, cause, the packets that show it, and the timeline. */
export function describeFlow(judged: JudgedFlow, findCause: FindFlowCause): FlowFinding {
  const { flow, route, found } = judged;
  const frames = new FrameReader(route.captures);
  try {
    const { from, to } = flow;
    return {
      id: flow.id,
      from: { pod: from.pod, node: from.node, ip: from.ip, port: from.port },
      to: { pod: to.pod, node: to.node, ip: to.ip, port: to.port },
      protocol: flow.protocol,
      probe: flow.probe,
      hops: route.requestHops.map((hop) => countHop(hop, judged)),
      ...(flow.replyHops === null ? {} : { replyHops: flow.replyHops.map((hop) => countHop(hop, judged)) }),
      verdict: describeVerdict(judged, frames, findCause),
      timeline: buildTimeline(found, route, frames),
    };
  } finally {
    frames.close();
  }
}

/** The contract's reference to the hop of a capture. */
export function refOf(route: Route, capture: number | null): HopRef | null {
  const hop = hopOf(route, capture);
  return hop === null ? null : { node: hop.node, role: hop.role, interface: hop.interface };
}

function hopOf(route: Route, capture: number | null): EvidenceHop | null {
  return capture === null ? null : route.hopOfCapture[capture]!;
}

function countHop(hop: EvidenceHop, { route, found }: JudgedFlow): HopFinding {
  const capture = route.hopOfCapture.findIndex(({ id }) => id === hop.id);
  const record: CaptureRecord | null = route.recordOfCapture[capture] ?? null;
  const count = (tally: Correlation["request"]): HopFinding["request"] => ({
    packets: tally.packets[capture] ?? 0,
    bytes: tally.bytes[capture] ?? 0,
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
  const { flow, route, decision } = judged;
  const { status, direction, refusal, doubts, lastSeen, firstMissing } = decision;
  const rejectedBy = refusal === null ? null : { ip: refusal.ip, node: refusal.node, how: refusal.how };
  const ended = listEnded(judged);
  const lost = ended.kept.slice(0, MOST_LOST).map((packet) => frames.readLost(sightingAt(packet, lastSeen)));
  const { cause, lookedAt, caveats } = findCause({
    flow,
    status,
    direction,
    lastSeen: hopOf(route, lastSeen),
    firstMissing: hopOf(route, firstMissing),
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
    cause,
    lookedAt,
    rejectedBy,
    lost: decision.lost,
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
