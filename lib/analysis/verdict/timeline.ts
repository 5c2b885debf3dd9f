import type { TimelinePacket } from "../../model/findings.js";
import { REQUEST } from "../follow/ends.js";
import type { KeptPacket } from "../follow/ways.js";
import type { FrameReader } from "./frames.js";
import type { JudgedFlow } from "./judged.js";
import type { Route } from "./route.js";

const MOST_PACKETS = 64;
const MOST_LOST = 32;

/** The packets that tell the story: those that were lost, and the first of the others, in order of time. */
export function buildTimeline({ found, route, decision }: JudgedFlow, frames: FrameReader): TimelinePacket[] {
  const lost = [
    { tally: found.request, spared: decision.request.spared },
    { tally: found.reply, spared: decision.reply.spared },
  ]
    .flatMap(({ tally: { ways, order }, spared }) =>
      ways.filter((way) => way.last < order.length - 1 && !spared.has(way)).flatMap(({ kept }) => kept),
    )
    .sort(byTime)
    .slice(0, MOST_LOST);
  const chosen = new Map(lost.map((packet) => [placeOf(packet), packet]));
  for (const packet of [...found.request.story, ...found.reply.story].sort(byTime)) {
    if (chosen.size >= MOST_PACKETS) break;
    chosen.set(placeOf(packet), packet);
  }
  const packets = [...chosen.values()].sort(byTime);
  const startUs = packets.length === 0 ? 0 : firstUs(packets[0]!);
  return packets.map((packet) => describe(packet, { startUs, route, frames }));
}

function describe(
  packet: KeptPacket,
  at: { startUs: number; route: Route; frames: FrameReader },
): TimelinePacket {
  const { route, frames, startUs } = at;
  return {
    direction: packet.direction === REQUEST ? "request" : "reply",
    summary: frames.read(packet.sightings[0]!).ref.summary,
    seenAtUs: route.requestHops.map(({ id }) => {
      const sighting = packet.sightings.find(({ source }) => route.hopAt.get(source)?.id === id);
      return sighting === undefined ? null : Math.round(sighting.timeUs - startUs);
    }),
  };
}

function placeOf({ sightings }: KeptPacket): string {
  const { source, recordOffset } = sightings[0]!;
  return `${source} ${recordOffset}`;
}

function firstUs({ sightings }: KeptPacket): number {
  return Math.min(...sightings.map(({ timeUs }) => timeUs));
}

function byTime(a: KeptPacket, b: KeptPacket): number {
  return firstUs(a) - firstUs(b);
}
