import type { EvidenceHop } from "../../model/evidence.js";
import { sealOf } from "../../wire/registry.js";
import type { HopCapture } from "../follow/source.js";
import { nameHop } from "../verdict/doubts.js";
import type { JudgedFlow } from "../verdict/judged.js";
import { mayHaveMissed } from "../verdict/missed.js";
import { hopOf, type Route } from "../verdict/route.js";
import { matchSealed, type BarePacket } from "./match.js";
import { MOST_PACKETS, readSizes } from "./read.js";

/** How far a node's clock may be wrong where its captures do not tell. */
const UNKNOWN_CLOCK_US = 2_000_000;
/** A capture writes down what a device is given a moment before or behind another one. */
const JITTER_US = 1000;

/**
 * A loss between the two ends of a sealed tunnel, narrowed down by what the wire showed of it: messages of the lost packets'
 * sizes at their times. That is no proof, so it is a doubt; where other messages may be meant nothing is narrowed.
 */
export function narrowSealed(judged: JudgedFlow, captures: readonly HopCapture[]): JudgedFlow {
  const { route, decision } = judged;
  const { lastSeen, firstMissing, brokenAt } = decision;
  if (brokenAt === null || lastSeen === null || firstMissing === null) return judged;
  const from = judged.flow.underlay[hopOf(route, lastSeen).node]?.ip;
  const wires = sealedBetween(judged, [hopOf(route, lastSeen), hopOf(route, firstMissing)]);
  if (wires.length === 0 || from === undefined) return judged;
  const packets = packetsAt(judged, { place: lastSeen, captures });
  let at = { lastSeen, firstMissing };
  const said: string[] = [];
  for (const place of wires) {
    const { seen, spare, isSure } = lookAt(judged, { place, captures, packets, from });
    const name = nameHop(hopOf(route, place));
    said.push(`${seen} of ${packets.lost.length} lost packets at ${name}`);
    if (seen === 0 && spare === 0 && isSure) {
      at = { ...at, firstMissing: place };
      break;
    }
    if (seen < Math.max(1, packets.lost.length) || spare > seen) {
      said.push("which does not tell on which side of it they were lost");
      break;
    }
    at = { ...at, lastSeen: place };
  }
  decision.doubts.doubt(
    `Between the nodes packets are encrypted: by sizes and times only, their messages were seen of ${said.join(", ")}`,
  );
  return { ...judged, decision: { ...decision, ...at } };
}

/** The captured places between two hops where packets are sealed, in the direction's order. */
function sealedBetween(
  { route, decision }: JudgedFlow,
  [last, first]: readonly [EvidenceHop, EvidenceHop],
): number[] {
  const way = decision.direction === "reply" ? route.replyHops : route.requestHops;
  const indexOf = ({ id }: EvidenceHop): number => way.findIndex((hop) => hop.id === id);
  return way
    .slice(indexOf(last) + 1, indexOf(first))
    .filter(({ encapsulation }) => sealOf(encapsulation) !== null)
    .flatMap(({ id }) => placesOf(route, id));
}

function placesOf({ hopAt }: Route, wanted: string): number[] {
  return [...hopAt].flatMap(([place, { id }]) => (id === wanted ? [place] : []));
}

interface At {
  readonly place: number;
  readonly captures: readonly HopCapture[];
}

interface Packets {
  readonly lost: readonly BarePacket[];
  readonly passed: readonly BarePacket[];
}

/** What the last hop showed in the clear, from those who sent what was lost. */
function packetsAt({ found, decision, route }: JudgedFlow, { place, captures }: At): Packets {
  const shown = readSizes(captures[place]!, clockOf(found.clocks, hopOf(route, place).node).aheadUs);
  const frames = new Set(
    decision.brokenAt!.kept.flatMap(({ sightings }) =>
      sightings.filter(({ source }) => source === place).map(({ frame }) => frame),
    ),
  );
  const lost = shown.filter(({ frame }) => frames.has(frame));
  const sources = new Set(lost.map(({ source }) => source));
  return { lost, passed: shown.filter(({ frame, source }) => sources.has(source) && !frames.has(frame)) };
}

function lookAt(
  { found, route, decision }: JudgedFlow,
  { place, captures, packets, from }: At & { readonly packets: Packets; readonly from: string },
): { readonly seen: number; readonly spare: number; readonly isSure: boolean } {
  const hop = hopOf(route, place);
  const sender = hopOf(route, decision.lastSeen!).node;
  const { aheadUs, errorUs } = clockOf(found.clocks, hop.node);
  const messages = readSizes(captures[place]!, aheadUs).filter(
    ({ isSealed, source }) => isSealed && source === from,
  );
  const slackUs = JITTER_US + (hop.node === sender ? 0 : Math.min(errorUs, UNKNOWN_CLOCK_US));
  const { format, worn } = sealOf(hop.encapsulation)!;
  const { withinBytes = 0 } = worn;
  const grow = (list: readonly BarePacket[]): readonly BarePacket[] =>
    list.map(({ timeUs, ipBytes }) => ({ timeUs, ipBytes: ipBytes + withinBytes }));
  const reading = found.readings[place]!;
  const isWhole = reading.damage === null && reading.records <= MOST_PACKETS;
  const isSure = isWhole && packets.lost.length > 0 && mayHaveMissed(route.places[place]!, reading) === 0;
  const sealed = { lost: grow(packets.lost), passed: grow(packets.passed) };
  return { ...matchSealed(sealed, messages, { format, slackUs }), isSure };
}

/** The first node's own, where all captures are of one. */
function clockOf(
  clocks: JudgedFlow["found"]["clocks"],
  node: string,
): { readonly aheadUs: number; readonly errorUs: number } {
  return clocks.find((one) => one.node === node) ?? { aheadUs: 0, errorUs: 0 };
}
