import type { RewriteFinding } from "../../model/findings.js";
import type { RewriteRecord } from "../follow/flow.js";
import type { PlaceSets } from "../follow/sets.js";
import type { DirectionTally } from "../follow/tally.js";
import type { TupleEnd } from "../follow/tables/tuples.js";
import type { JudgedFlow } from "./judged.js";
import { refTo } from "./legs.js";

/** Where packets' addresses were changed, for each direction that shows it. */
export function describeRewrites({ found, route }: JudgedFlow): RewriteFinding[] {
  const { sets } = found;
  return found.rewrites.flatMap((one) => {
    const record = isTurned(one, found.request.order, sets) ? turn(one) : one;
    const request = placeRewrite(found.request, sets, [record.requests.front, record.requests.behind]);
    const reply = placeRewrite(found.reply, sets, [record.replies.behind, record.replies.front]);
    const { front, behind, connections } = record;
    const list: RewriteFinding[] = [];
    if (request !== null)
      list.push({
        direction: "request",
        before: refTo(route, request.before),
        after: refTo(route, request.after),
        source: change(front.client, behind.client, true),
        destination: change(front.server, behind.server, false),
        connections,
      });
    if (reply !== null)
      list.push({
        direction: "reply",
        before: refTo(route, reply.before),
        after: refTo(route, reply.after),
        source: change(behind.server, front.server, false),
        destination: change(behind.client, front.client, true),
        connections,
      });
    return list;
  });
}

/** Whether the way begins with what was taken for the packets' later form, and ends with the other one. */
export function isTurned({ requests }: RewriteRecord, order: readonly number[], sets: PlaceSets): boolean {
  const firstOf = (set: number): number => order.findIndex((place) => sets.has(set, place));
  const [front, behind] = [firstOf(requests.front), firstOf(requests.behind)];
  return behind >= 0 && behind < front;
}

function turn({ front, behind, requests, replies, connections }: RewriteRecord): RewriteRecord {
  return {
    front: behind,
    behind: front,
    requests: { front: requests.behind, behind: requests.front },
    replies: { front: replies.behind, behind: replies.front },
    connections,
  };
}

/**
 * The last place on the way that shows packets as they were, and the first from there on that shows them changed: a client's
 * RST to whom an answer came from has the changed form all along.
 */
function placeRewrite(
  { order }: DirectionTally,
  sets: PlaceSets,
  [was, is]: readonly [number, number],
): { before: number; after: number } | null {
  const before = order.findLast((place) => sets.has(was, place));
  if (before === undefined) return null;
  const isChanged = (place: number): boolean => sets.has(is, place);
  const after = order.slice(order.indexOf(before)).find(isChanged) ?? order.find(isChanged);
  return after === undefined ? null : { before, after };
}

/** A client's port says nothing where it stays, and is another for each connection. */
function change(was: TupleEnd, is: TupleEnd, isClient: boolean): { was: string; is: string } {
  const isSame = was.ip === is.ip;
  if (isClient) return { was: was.ip, is: isSame ? was.ip : is.ip };
  return { was: nameEnd(was), is: nameEnd(is) };
}

/** `address:port`, `[address]:port`, or the address alone. */
function nameEnd({ ip, port }: { readonly ip: string; readonly port: number | null }): string {
  if (port === null) return ip;
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}
