import type { VerdictStatus } from "../../model/findings.js";
import { GRACE_US } from "../application/exchanges/sides.js";
import type { DirectionTally } from "../follow/tally.js";
import { nameHop, type Doubts } from "./doubts.js";
import type { DecideInput } from "./input.js";
import { describeUndecided } from "./notes.js";
import type { Outcome } from "./outcome.js";
import { hopOf } from "./route.js";

/** Ports whose protocols answer each datagram: DNS, NTP, SNMP, QUIC. */
const ANSWERING_PORTS: ReadonlySet<number | null> = new Set([53, 123, 161, 443]);

/**
 * Whether an answer was due and did not come; null where all is well: answered, or one-way. To be asked where nothing was
 * lost on the way there.
 */
export function judgeAnswers(
  input: DecideInput,
  { request, reply, doubts }: { request: Outcome; reply: Outcome; doubts: Doubts },
): VerdictStatus | null {
  const { flow, found, route } = input;
  const farHop = route.requestHops.at(-1);
  const isFarCaptured = hopOf(route, found.request.order.at(-1)!).id === farHop?.id;
  if (reply.sent > 0) {
    if (isEachAnswered(input, { request, reply, doubts })) return null;
    // Whether those without an answer arrived, nothing shows.
    return isFarCaptured ? "unanswered" : "inconclusive";
  }
  if (request.arrived === 0 || !isFarCaptured) {
    if (request.undecided > 0) doubts.doubt(describeUndecided(request, "request"));
    if (!isFarCaptured && farHop !== undefined)
      doubts.note(
        `Requests left ${nameHop(hopOf(route, found.request.order.at(-1)!))}; nothing came back, and ${nameHop(farHop)} has no capture`,
      );
    return "inconclusive";
  }
  if (found.connections.some(({ story }) => story.established && story.synAcks === 0)) {
    doubts.doubt("The client goes on as if it were answered: replies take a way that was not captured");
    return "inconclusive";
  }
  if (flow.protocol === "udp" && flow.probe === null && !ANSWERING_PORTS.has(flow.to.port)) {
    doubts.note("One-way: nothing came back, and this protocol may well need no answer");
    return null;
  }
  return "unanswered";
}

/** A ping each, and a query each; other protocols have their own idea of what is answered. */
function isEachAnswered(
  { flow, found, route }: DecideInput,
  { request, reply, doubts }: { request: Outcome; reply: Outcome; doubts: Doubts },
): boolean {
  const isDue = flow.protocol === "icmp" || (flow.protocol === "udp" && flow.to.port === 53);
  const missing = request.arrived - reply.sent;
  if (!isDue || missing <= 0 || found.request.split > 0 || found.reply.split > 0) return true;
  const askedUs = lastUs(found.request);
  if (missing === 1 && askedUs > lastUs(found.reply) && found.untilUs - askedUs <= GRACE_US) {
    doubts.note("The last request has no answer yet");
    return true;
  }
  doubts.note(`${missing} of ${request.sent} requests arrived and were not answered`);
  // A capture that ended early may lack the answers; the doubt of it stands already.
  return [...route.hopAt.keys()].some((place) => (route.places[place]!.record?.endedEarly ?? null) !== null);
}

function lastUs({ ways }: DirectionTally): number {
  return Math.max(...ways.map((way) => way.lastUs));
}
