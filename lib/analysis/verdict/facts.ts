import type { PacketRef } from "../../model/findings.js";
import type {
  ConnectionFacts,
  ErrorFacts,
  FlowFacts,
  HopFacts,
  LegFacts,
  NeighbourFacts,
  OtherFlow,
  PlaceFacts,
  SideIndex,
  Sign,
} from "../detectors/facts.js";
import { REPLY, REQUEST } from "../follow/ends.js";
import type { ConnectionFacts as Followed } from "../follow/flow.js";
import type { SignCount } from "../follow/place-signs.js";
import type { Rejection } from "../follow/rejections.js";
import type { Sighting } from "../follow/sightings.js";
import type { DirectionTally } from "../follow/tally.js";
import type { FrameReader } from "./frames.js";
import type { JudgedFlow } from "./judged.js";
import { describeLegs, refTo } from "./legs.js";
import type { Observation } from "./observation.js";
import type { Outcome } from "./outcome.js";
import { describeRewrites } from "./rewrites.js";

const MOST_CONNECTIONS = 1024;
const MOST_PACKETS = 4;
const NO_SIGN: SignCount = { count: 0, of: 0, kept: [] };

/** Fills in what detectors read of a flow. `others` are all flows that are compared with it. */
export function factsOf(judged: JudgedFlow, others: ComparedFlows, frames: FrameReader): FlowFacts {
  const { route, found, decision } = judged;
  const own = others.get(found)!;
  const read = (sightings: readonly Sighting[]): readonly PacketRef[] =>
    sightings.slice(0, MOST_PACKETS).map((one) => frames.read(one).ref);
  const hopsOf = (order: readonly number[]): readonly HopFacts[] =>
    order.map((place) => hopFacts(judged, place, read));
  const { protocol, client, server, backend, status } = own;
  return {
    ...{ protocol, status, client, server, backend },
    isDoor: judged.flow.to.service?.door !== undefined,
    isStray: judged.flow.to.noService !== undefined,
    nodesKnown: route.places.some(({ record }) => record !== null),
    untilUs: found.untilUs,
    hops: hopsOf(route.requestOrder),
    replyHops: hopsOf(route.replyOrder),
    legs: [
      own.legs[REQUEST].map(withPackets(decision.request, read)),
      own.legs[REPLY].map(withPackets(decision.reply, read)),
    ],
    connectionCount: found.connectionCount,
    connections: found.connections
      .slice(0, MOST_CONNECTIONS)
      .flatMap((one, index) => connectionFacts(one, index < MOST_PACKETS ? read : () => [])),
    tcp: tcpFacts(judged),
    errors: found.rejections.map((one) => errorFacts(one, read)),
    neighbours: neighbourFacts(judged, [client.ip, server.ip, backend?.ip], read),
    rewrites: describeRewrites(judged),
    others: [...others].flatMap(([other, facts]) => (other === found ? [] : [facts])),
  };
}

/** What comparisons read of flows, by what was found of each. */
export type ComparedFlows = ReadonlyMap<Observation, OtherFlow>;

export function compareAll(flows: readonly JudgedFlow[]): ComparedFlows {
  return new Map(flows.map((judged) => [judged.found, compared(judged)]));
}

function compared(judged: JudgedFlow): OtherFlow {
  const { flow, found, decision } = judged;
  const [, behind] = flow.to.addresses;
  const record = found.record;
  return {
    protocol: flow.protocol,
    client: { ip: record?.client.ip ?? flow.from.ip, port: null },
    server: record?.server ?? { ip: flow.to.ip, port: flow.to.port },
    backend: record === null ? (behind ?? null) : record.behind,
    status: decision.status,
    connections: found.connectionCount,
    legs: [
      legFacts(judged, { tally: found.request, outcome: decision.request }),
      legFacts(judged, { tally: found.reply, outcome: decision.reply }),
    ],
  };
}

type Read = (sightings: readonly Sighting[]) => readonly PacketRef[];

function legFacts(
  { route }: JudgedFlow,
  { tally, outcome }: { tally: DirectionTally; outcome: Outcome },
): readonly LegFacts[] {
  return describeLegs(tally, outcome, route).map(({ from, to, sent, missing, delayUs }, position) => {
    const broken = outcome.breaks.find((one) => one.position === position);
    const stopped = tally.ways.filter(({ last }) => last === position);
    const missingBytes =
      broken === undefined
        ? null
        : {
            least: broken.smallestLostBytes,
            most: Math.max(...stopped.map(({ largestBytes }) => largestBytes)),
          };
    const passed = passedBytes(tally, position);
    const missingFirsts = broken?.opens ?? 0;
    return {
      from,
      to,
      sent,
      missing,
      delayUs,
      missingBytes,
      passedBytes: passed,
      missingFirsts,
      packets: [],
    };
  });
}

/** A leg with the packets that were missed behind it. */
function withPackets({ breaks }: Outcome, read: Read): (leg: LegFacts, position: number) => LegFacts {
  return (leg, position) => {
    const kept = breaks.find((one) => one.position === position)?.kept ?? [];
    return { ...leg, packets: read(kept.map(({ sightings }) => sightings.at(-1)!)) };
  };
}

function passedBytes({ ways }: DirectionTally, position: number): LegFacts["passedBytes"] {
  const passed = ways.filter(({ first, last }) => first <= position && last > position);
  if (passed.length === 0) return null;
  return {
    least: Math.min(...passed.map(({ smallestBytes }) => smallestBytes)),
    most: Math.max(...passed.map(({ largestBytes }) => largestBytes)),
  };
}

/** Most signs are looked at for their number alone. */
class LazySign implements Sign {
  readonly count: number;
  readonly of: number;

  constructor(
    private readonly known: SignCount,
    private readonly read: Read,
  ) {
    this.count = known.count;
    this.of = known.of;
  }

  get packets(): readonly PacketRef[] {
    return this.read(this.known.kept);
  }
}

function hopFacts({ route, found }: JudgedFlow, place: number, read: Read): HopFacts {
  const signs = found.record?.talk?.signs ?? [];
  const of = (direction: SideIndex): PlaceFacts => {
    const seen = signs[place * 2 + direction];
    const sign = (known: SignCount = NO_SIGN): Sign => new LazySign(known, read);
    return {
      packets: (direction === REQUEST ? found.request : found.reply).packets[place]!,
      ttl: seen === undefined ? null : { least: seen.ttlLeast, most: seen.ttlMost },
      sourceMacs: seen?.sourceMacs ?? [],
      destinationMacs: seen?.destinationMacs ?? [],
      duplicates: sign(seen?.duplicates),
      returns: sign(seen?.returns),
      badChecksums: sign(seen?.checksums),
      badOuterChecksums: sign(seen?.outerChecksums),
      unfinishedChecksums: sign(seen?.unfinished),
      otherHost: sign(seen?.otherHost),
    };
  };
  const { mtuBytes } = route.hopAt.get(place)!;
  return { hop: refTo(route, place), mac: null, mtuBytes, by: [of(REQUEST), of(REPLY)] };
}

/** Nothing of a connection of another protocol than TCP. */
function connectionFacts(
  { clientPort, firstUs, lastUs, story, signs }: Followed,
  read: Read,
): readonly ConnectionFacts[] {
  if (signs === null) return [];
  const { syns, synAcks, established, payloadBytes, finished, reset } = story;
  const { synUs, synAckUs, answeredBy, by } = signs;
  return [
    {
      ...{ clientPort, firstUs, lastUs, syns, synAcks, established, payloadBytes, finished },
      answeredBy,
      maximumSegmentBytes: [by[REQUEST].maximumSegmentBytes, by[REPLY].maximumSegmentBytes],
      handshakeUs: synUs === null || synAckUs === null ? null : synAckUs - synUs,
      reset:
        reset === null
          ? null
          : {
              ...{ by: reset.by, ip: reset.ip, phase: reset.phase },
              afterUs: signs.resetAfterUs,
              packets: read(reset.sightings),
            },
    },
  ];
}

/** Of the flow's ends those for which more than one machine answered; of others a flow of its own tells. */
function neighbourFacts(
  { found, route }: JudgedFlow,
  ends: readonly (string | undefined)[],
  read: Read,
): readonly NeighbourFacts[] {
  return found.questions
    .filter(({ target, macs }) => macs.length > 1 && ends.includes(target))
    .map(({ protocol, target, asker, requests, macs, kept }) => ({
      ...{ protocol, address: target, askedBy: [asker], macs },
      at: [...route.hopAt].flatMap(([place]) => (requests[place]! > 0 ? [refTo(route, place)] : [])),
      questions: Math.max(...requests),
      packets: read(kept),
    }));
}

function tcpFacts({ flow, found }: JudgedFlow): FlowFacts["tcp"] {
  if (flow.protocol !== "tcp" || found.record === null) return null;
  const { totals } = found.record;
  // Where no data was sent, what came again are SYNs, of which the handshake's detectors tell.
  const again = ({ again: count, direction }: DirectionTally): Sign => {
    const of = totals[direction as SideIndex].segments;
    return { count: of === 0 ? 0 : count, of: Math.max(count, of), packets: [] };
  };
  const stops = (side: SideIndex): Sign & { readonly longestUs: number } => ({
    ...{ count: totals[side].zeroWindows, of: totals[side].segments, packets: [] },
    longestUs: totals[side].longestStopUs,
  });
  return {
    segments: [totals[REQUEST].segments, totals[REPLY].segments],
    duplicateAcks: [totals[REQUEST].duplicateAcks, totals[REPLY].duplicateAcks],
    retransmissions: [again(found.request), again(found.reply)],
    zeroWindows: [stops(REQUEST), stops(REPLY)],
  };
}

const KINDS: readonly (readonly [RegExp, ErrorFacts["kind"]])[] = [
  [/ time exceeded/, "timeExceeded"],
  [/prohibited|policy|reject route/, "prohibited"],
  [/unreachable|no route|beyond scope/, "unreachable"],
];

function errorFacts({ direction, ip, how, isTooBig, counts, sightings }: Rejection, read: Read): ErrorFacts {
  const mtu = /\(MTU (\d+)\)/.exec(how)?.[1];
  const kind = KINDS.find(([words]) => words.test(how))?.[1] ?? "other";
  return {
    about: direction === REQUEST ? REQUEST : REPLY,
    ...{ ip, node: null, how },
    kind: isTooBig ? "tooBig" : kind,
    mtuBytes: mtu === undefined ? null : Number(mtu),
    count: Math.max(...counts),
    packets: read(sightings),
  };
}
