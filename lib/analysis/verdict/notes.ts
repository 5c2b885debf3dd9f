import { REPLY, REQUEST } from "../follow/ends.js";
import type { DirectionTally } from "../follow/tally.js";
import { nameHop, type Doubts } from "./doubts.js";
import type { DecideInput } from "./input.js";
import type { Break, Outcome } from "./outcome.js";
import { findIcmpRefusals } from "./refusal.js";
import { hopOf, type Route } from "./route.js";

/** What happened on the way to a verdict and does not change it. */
export function noteTransport(input: DecideInput, request: Outcome, reply: Outcome, doubts: Doubts): void {
  for (const [outcome, tally] of [
    [request, input.found.request],
    [reply, input.found.reply],
  ] as const) {
    const word = tally.direction === REQUEST ? "request" : "reply";
    if (tally.again > 0) doubts.note(`${tally.again} ${word} packets were retransmissions`);
    if (outcome.lateResets > 0)
      doubts.note(
        `${outcome.lateResets} RSTs of the ${word} direction did not arrive, of connections that were over`,
      );
    if (outcome.shrunk > 0)
      doubts.note(
        `Path MTU discovery works: ${outcome.shrunk} ${word} packets were too big for a hop, which said so; smaller ones came through`,
      );
    if (outcome.undecided > 0) doubts.note(describeUndecided(outcome, word));
    if (outcome.sent > 0 && outcome.base > 0) {
      const hop = hopOf(input.route, tally.order[0]!);
      doubts.doubt(`The ${word} direction does not show at ${nameHop(hop)}, the first hop with a capture`);
    }
    if (outcome.strays > 0) doubts.note(`${outcome.strays} ${word} packets were seen at later hops only`);
  }
}

/** How the lost packets differ from those that passed, and what was lost elsewhere. */
export function noteLoss(
  doubts: Doubts,
  tally: DirectionTally,
  { main, others, route }: { main: Break; others: readonly Break[]; route: Route },
): void {
  for (const text of describeKind(main)) doubts.note(text);
  for (const other of others) {
    const hop = hopOf(route, tally.order[other.position]!);
    doubts.note(`${other.lost} more packets were last seen at ${nameHop(hop)}`);
  }
}

/** "2 of the 3 lost packets were bare ACKs". */
export function describeKind({ lost, of, bare, again, opens, ...sizes }: Break): string[] {
  const said: string[] = [];
  const some = (count: number): string => (count === lost ? "All" : `${count} of the`);
  if (bare > 0) said.push(`${some(bare)} ${lost} lost packets were bare ACKs`);
  if (again > 0) said.push(`${some(again)} ${lost} lost packets were retransmissions`);
  if (opens > 1 && of > lost)
    said.push(`${some(opens)} ${lost} lost packets were the first of their connections`);
  if (of > lost && sizes.smallestLostBytes > sizes.largestPassedBytes)
    said.push(
      `Only packets of ${sizes.smallestLostBytes} bytes and more were lost; the largest that passed had ${sizes.largestPassedBytes}`,
    );
  return said;
}

export function noteDelivered(input: DecideInput, request: Outcome, reply: Outcome, doubts: Doubts): void {
  const { found, flow, route } = input;
  const isOneToOne = flow.protocol === "udp" && found.request.split + found.reply.split === 0;
  if (isOneToOne && reply.sent > 0 && reply.sent < request.arrived)
    doubts.note(`${request.arrived - reply.sent} of ${request.sent} requests arrived and were not answered`);
  const { connections, connectionCount } = found;
  const resets = connections.filter(({ story }) => story.reset?.by === REPLY).length;
  if (resets > 0)
    doubts.note(`${resets} of ${connectionCount} connections ended with a RST from the far end`);
  for (const { how, ip, count } of findIcmpRefusals(found.rejections, REQUEST, { flow, route }))
    doubts.note(`${ip} answered ${count} times with ${how}, and the requests came through all the same`);
  for (const { how, ip, count } of findIcmpRefusals(found.rejections, REPLY, { flow, route }))
    doubts.note(`${ip} answered ${count} replies with ${how}`);
}

export function describeUndecided(outcome: Outcome, word: string): string {
  const why = outcome.missed === 0 ? "" : ", or may have missed them";
  return `${outcome.undecided} ${word} packets were not judged: a capture did not cover their time${why}`;
}
