import type { ConfidenceGrounds } from "../../model/findings.js";
import type { ClockEstimate } from "../follow/clocks/clock.js";
import type { Doubts } from "./doubts.js";
import type { Observation } from "./observation.js";
import type { Outcome } from "./outcome.js";
import type { Place, Route } from "./route.js";

/** So many packets of each direction that were followed to their end make a verdict no rarity of the network. */
const FEW = 3;

interface Said {
  readonly request: Pick<Outcome, "sent">;
  readonly reply: Pick<Outcome, "sent">;
  readonly doubts: Pick<Doubts, "weighty">;
}

interface Captured extends Pick<Route, "hops" | "hopAt"> {
  readonly places: readonly Pick<Place, "record">[];
}

/** The named facts that a verdict's confidence rests on, and those that speak against it: those weigh, and nothing else. */
export function listGrounds(
  { request, reply, doubts }: Said,
  found: Pick<Observation, "clocks">,
  route: Captured,
): ConfidenceGrounds {
  const facts = [
    ...describeCaptures(route),
    describeFollowed(request.sent, reply.sent),
    ...describeClocks(found.clocks, route),
  ];
  return { for: facts, against: doubts.weighty };
}

function describeCaptures({ hops, hopAt, places }: Captured): string[] {
  if (hopAt.size === 0) return [];
  const all = hops.length === 1 ? "the one hop" : `all ${hops.length} hops`;
  const facts = [
    hopAt.size === hops.length ? `captured at ${all}` : `captured at ${hopAt.size} of ${hops.length} hops`,
  ];
  const records = [...hopAt.keys()].map((place) => places[place]!.record);
  const isWhole = records.every(
    (record) =>
      record !== null &&
      record.droppedByKernel === 0 &&
      record.received === record.captured &&
      record.endedEarly === null,
  );
  if (isWhole) facts.push("each tcpdump wrote all that it received, dropped none, and ran to the end");
  return facts;
}

function describeFollowed(requests: number, replies: number): string {
  const few = requests < FEW ? ": few" : "";
  return `${requests} request and ${replies} reply packets were followed one by one${few}`;
}

/** How well the nodes' clocks are known: what is told by time alone rests on it. */
function describeClocks(clocks: readonly ClockEstimate[], { hopAt }: Pick<Route, "hopAt">): string[] {
  const nodes = new Set([...hopAt.values()].map(({ node }) => node));
  const others = clocks.filter(({ node, method }) => nodes.has(node) && method !== "none");
  const known = others.filter(({ errorUs }) => Number.isFinite(errorUs));
  const named = known.map(({ node, errorUs }) => `${node}'s to ${formatError(errorUs)}`);
  return named.length === 0 ? [] : [`clocks are known by the packets themselves: ${named.join(", ")}`];
}

function formatError(errorUs: number): string {
  return errorUs < 1000 ? `${Math.ceil(errorUs)} µs` : `${(errorUs / 1000).toFixed(1)} ms`;
}
