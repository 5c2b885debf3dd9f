import type { FlowEvidence } from "../../model/evidence.js";
import { REPLY, REQUEST } from "../follow/ends.js";
import type { ConnectionFacts } from "../follow/flow.js";
import type { Rejection } from "../follow/rejections.js";
import type { Sighting } from "../follow/sightings.js";
import type { Reset } from "../follow/streams/tcp-story.js";
import type { Outcome } from "./outcome.js";
import { hopOf, type Route } from "./route.js";

/** Somebody's "no" to the flow: who said it, and the packets that say it. */
export interface Refusal {
  readonly ip: string;
  readonly node: string | null;
  readonly how: string;
  readonly count: number;
  readonly sightings: readonly Sighting[];
}

/** An error that a router met too big packets with; of other errors nothing is overcome by smaller ones. */
interface IcmpRefusal extends Refusal {
  readonly isTooBig: boolean;
}

interface At {
  readonly flow: FlowEvidence;
  readonly route: Route;
}

/** The ICMP errors about one direction's packets, the most frequent kind first. */
export function findIcmpRefusals(
  rejections: readonly Rejection[],
  direction: typeof REQUEST | typeof REPLY,
  at: At,
): readonly IcmpRefusal[] {
  return rejections
    .filter((rejection) => rejection.direction === direction)
    .map(({ ip, how, isTooBig, counts, sightings }) => ({
      ip,
      how,
      isTooBig,
      count: Math.max(...counts),
      sightings,
      node: findNode(ip, at.flow) ?? nodeOfFirst(sightings, at),
    }))
    .sort((a, b) => b.count - a.count);
}

/**
 * The ICMP error that ended a direction, or null: path MTU discovery that went well, beside packets that were lost otherwise,
 * is none.
 */
export function findLastingRefusal(
  rejections: readonly Rejection[],
  of: { readonly direction: typeof REQUEST | typeof REPLY; readonly outcome: Outcome },
  at: At,
): Refusal | null {
  const { shrunk, lostWays } = of.outcome;
  const isOvercome = shrunk > 0 && !lostWays.some(({ tooBig }) => tooBig);
  return findIcmpRefusals(rejections, of.direction, at).find((one) => !(one.isTooBig && isOvercome)) ?? null;
}

/** The RSTs that kept connections from coming about, or null where there were none; `of` counts the connections. */
export function findTcpRefusal(
  connections: readonly ConnectionFacts[],
  at: At,
): (Refusal & { readonly of: number }) | null {
  const resets = connections.flatMap(({ story }) => {
    const { reset } = story;
    return reset !== null && !story.isLeftOver && isRefusal(reset, story.established) ? [reset] : [];
  });
  const [first] = resets;
  if (first === undefined) return null;
  const { route, flow } = at;
  const far = route.replyOrder[0];
  const fromFar = first.by === REPLY && first.sightings.some(({ source }) => source === far);
  const node = fromFar ? flow.to.node : nodeOfFirst(first.sightings, at);
  return {
    ip: first.ip,
    node,
    how: nameReset(first),
    count: resets.length,
    of: connections.length,
    sightings: first.sightings,
  };
}

/** A reset before the connection came about, or one that is all the answer there was. */
function isRefusal({ by, phase }: Reset, established: boolean): boolean {
  if (by === REQUEST) return phase === "handshake" && !established;
  return phase === "syn" || phase === "handshake";
}

function nameReset({ by, phase }: Reset): string {
  if (by === REQUEST) return "TCP RST by the client, which did not take the server's SYN-ACK";
  return phase === "syn" ? "TCP RST" : "TCP RST after the handshake";
}

function findNode(ip: string, flow: FlowEvidence): string | null {
  const isOf = (addresses: readonly { readonly ip: string }[]): boolean =>
    addresses.some((one) => one.ip === ip);
  for (const [node, { ip: address }] of Object.entries(flow.underlay)) if (address === ip) return node;
  for (const [node, { address }] of Object.entries(flow.tunnels)) if (address === ip) return node;
  if (isOf(flow.to.addresses)) return flow.to.node;
  return isOf(flow.from.addresses) ? flow.from.node : null;
}

/**
 * The node of the hop that showed a packet first: nearest to its sender. null where only a pod was seen there, for then it
 * may come from anywhere.
 */
function nodeOfFirst(sightings: readonly Sighting[], { route, flow }: At): string | null {
  const own = sightings.filter(({ source }) => route.hopAt.has(source));
  const [first] = own.sort((a, b) => a.timeUs - b.timeUs);
  if (first === undefined) return null;
  const { node } = hopOf(route, first.source);
  return flow.unseen?.includes(node) === true ? null : node;
}
