import type { FlowEvidence } from "../../model/evidence.js";
import type { Connection, Sighting } from "../correlate/connections.js";
import type { REPLY, REQUEST } from "../correlate/ends.js";
import type { Rejection } from "../correlate/rejections.js";
import type { Route } from "./route.js";

/** Somebody's "no" to the flow: who said it, and the packets that say it. */
export interface Refusal {
  readonly ip: string;
  readonly node: string | null;
  readonly how: string;
  readonly count: number;
  readonly sightings: readonly Sighting[];
}

/** The ICMP errors about one direction's packets, the most frequent kind first. */
export function findIcmpRefusals(
  rejections: readonly Rejection[],
  direction: typeof REQUEST | typeof REPLY,
  at: { flow: FlowEvidence; route: Route },
): readonly Refusal[] {
  return rejections
    .filter((rejection) => rejection.direction === direction)
    .map(({ ip, how, counts, sightings }) => ({
      ip,
      how,
      count: Math.max(...counts),
      sightings,
      node: findNode(ip, at.flow) ?? nodeOfFirst(sightings, at),
    }))
    .sort((a, b) => b.count - a.count);
}

/** The RSTs that answered connection attempts, or null where a connection came about or none was reset. */
export function findTcpRefusal(
  connections: readonly Connection[],
  at: { flow: FlowEvidence; route: Route },
): Refusal | null {
  const own = connections.filter((connection) => connection.own);
  const refused = own.filter((connection) => connection.reset !== null && isRefused(connection));
  const reset = refused[0]?.reset;
  if (reset == null || own.some((connection) => connection.synAck && !isRefused(connection))) return null;
  const { route, flow } = at;
  const far = route.replyOrder[0];
  const fromFar = reset.sightings.some(({ source }) => source === far);
  const node = fromFar ? flow.to.node : nodeOfFirst(reset.sightings, at);
  const how = refused[0]!.synAck ? "TCP RST after the handshake" : "TCP RST";
  return { ip: reset.ip, node, how, count: refused.length, sightings: reset.sightings };
}

/** No handshake, or a request after it that was answered by a RST alone. */
function isRefused({ reset, synAck, requestData, replyData }: Connection): boolean {
  return reset !== null && (!synAck || (requestData && !replyData));
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
function nodeOfFirst(
  sightings: readonly Sighting[],
  { route, flow }: { readonly route: Route; readonly flow: FlowEvidence },
): string | null {
  const [first] = [...sightings].sort((a, b) => a.timeUs - b.timeUs);
  const { node } = route.hopOfCapture[first!.source]!;
  return flow.unseen?.includes(node) === true ? null : node;
}
