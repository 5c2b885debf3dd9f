import type { VerdictStatus } from "../../model/findings.js";
import { GRACE_US } from "../application/exchanges/sides.js";
import { REPLY, REQUEST } from "../follow/ends.js";
import type { ConnectionFacts } from "../follow/flow.js";
import type { DirectionTally } from "../follow/tally.js";
import type { TcpStory } from "../follow/streams/tcp-story.js";
import { nameHop, type Doubts } from "./doubts.js";
import type { DecideInput } from "./input.js";
import { isOneWay, mayBeOneWay } from "./due.js";
import { describeUndecided } from "./notes.js";
import { listExchanges, type Observation } from "./observation.js";
import type { Outcome } from "./outcome.js";
import { hopOf } from "./route.js";

/** One or two may come of a late acknowledgement. */
const LEAST_REPEATS = 3;

/** What was due and did not come: from the server where it had the requests, from the client where it had the answers. */
interface Silence {
  readonly status: Extract<VerdictStatus, "unanswered" | "inconclusive">;
  readonly of: typeof REQUEST | typeof REPLY;
}

/**
 * Whether an answer was due and did not come; null where all is well: answered, or one-way. To be asked where nothing was
 * lost on the way there.
 */
export function judgeAnswers(
  input: DecideInput,
  { request, reply, doubts }: { request: Outcome; reply: Outcome; doubts: Doubts },
): Silence | null {
  const inconclusive = { status: "inconclusive", of: REQUEST } as const;
  const unanswered = { status: "unanswered", of: REQUEST } as const;
  const { flow, found, route } = input;
  const farHop = route.requestHops.at(-1);
  const isFarCaptured = hopOf(route, found.request.order.at(-1)!).id === farHop?.id;
  if (found.connectionCount > 0 && found.connections.every(({ story }) => story.isLeftOver)) {
    doubts.doubt(
      "The client reset a SYN-ACK, and no capture has the SYN that it answers: it is left of a connection from before they began, or that SYN took a way that was not captured",
    );
    return inconclusive;
  }
  if ((flow.protocol === "tcp" || flow.protocol === "udp") && flow.to.port === 0) {
    doubts.doubt(
      "These are later fragments alone, which carry no ports: their first ones were cut off, lost, or passed before the captures began, so that whose they are is not known",
    );
    return inconclusive;
  }
  const unheard = found.connections.filter(({ story }) => isStuck(story, REQUEST)).length;
  if (reply.sent > 0 && unheard > 0) {
    const what = `The client sent the same data again and again over ${unheard} of ${found.connectionCount} connections, and no capture has an acknowledgement of it`;
    if (isFarCaptured) doubts.note(what);
    else doubts.doubt(`${what}: whether it arrived is not known`);
    return isFarCaptured ? unanswered : inconclusive;
  }
  if (reply.sent > 0) {
    const stuck = found.connections.filter(({ story }) => isStuck(story, REPLY)).length;
    if (stuck > 0) {
      doubts.doubt(
        `The server sent the same data again and again over ${stuck} of ${found.connectionCount} connections, and no capture has an acknowledgement of it: it was lost behind them, or the acknowledgements take another way`,
      );
      return { ...inconclusive, of: REPLY };
    }
    const isAnswered = isEachAnswered(input, { request, reply, doubts });
    const silence = findSilence(input, doubts);
    if (isAnswered && silence === null) return null;
    if (silence === REPLY) return isNearCaptured(input) ? { ...unanswered, of: REPLY } : inconclusive;
    // Whether those without an answer arrived, nothing shows.
    return isFarCaptured ? unanswered : inconclusive;
  }
  if (request.arrived === 0 || !isFarCaptured) {
    if (request.undecided > 0) doubts.doubt(describeUndecided(request, "request"));
    if (!isFarCaptured && farHop !== undefined)
      doubts.note(
        `Requests left ${nameHop(hopOf(route, found.request.order.at(-1)!))}; nothing came back, and ${nameHop(farHop)} has no capture`,
      );
    return inconclusive;
  }
  if (found.connections.some(({ story }) => story.established && story.synAcks === 0)) {
    doubts.doubt("The client goes on as if it were answered: replies take a way that was not captured");
    return inconclusive;
  }
  if (isOneWay(flow)) {
    doubts.note(
      "One-way: a tunnel's port takes what is sent to it without an answer, so that it arrived is all that is seen",
    );
    return null;
  }
  if (mayBeOneWay(flow)) {
    doubts.note("One-way: nothing came back, and this protocol may well need no answer");
    return null;
  }
  return unanswered;
}

/** A ping each, and a query each; other protocols have their own idea of what is answered. */
function isEachAnswered(
  { flow, found, route }: DecideInput,
  { request, reply, doubts }: { request: Outcome; reply: Outcome; doubts: Doubts },
): boolean {
  const isDue = flow.protocol === "icmp" || (flow.protocol === "udp" && flow.to.port === 53);
  // What a damaged capture at the server's end lacks, others may show.
  const missing = request.arrived - reply.sent - reply.strays;
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

const isNearCaptured = ({ route, found }: DecideInput): boolean =>
  hopOf(route, found.reply.order.at(-1)!).id === route.replyHops.at(-1)?.id;

/** Who did not go on with a connection: the client that had the answer, or the server; null where each of them worked. */
function findSilence({ flow, found }: DecideInput, doubts: Doubts): Silence["of"] | null {
  if (flow.protocol !== "tcp") return null;
  const isOld = ({ firstUs }: ConnectionFacts): boolean => found.untilUs - firstUs > GRACE_US;
  const own = found.connections.filter((one) => one.story.reset === null && isOld(one));
  // A server that goes on was acknowledged, by whatever way.
  const failed = own.filter(
    ({ story }) => story.syns > 0 && !story.established && story.payloadBytes[REPLY] === 0,
  );
  if (failed.length > 0)
    doubts.note(`${failed.length} of ${found.connectionCount} connections never came about`);
  const silences = own.some(({ story }) => isSilent(story)) ? listSilences(found) : [];
  for (const outcome of silences) doubts.note(`There is ${outcome}`);
  if (failed.length + silences.length === 0) return null;
  return silences.length === 0 && failed.every(({ story }) => story.synAcks > 0) ? REPLY : REQUEST;
}

/**
 * The client said something over a connection, the server nothing after it, and the client gave up: others may yet be
 * answered. Of a connection that went well before, the protocol has to say that an answer was due.
 */
export const isSilent = ({ saidLast, finished }: TcpStory): boolean =>
  saidLast === REQUEST && finished[REQUEST];

/** A side's data were sent over and over, and nothing of them was acknowledged until the captures ended. */
const isStuck = (story: TcpStory, side: typeof REQUEST | typeof REPLY): boolean =>
  story.reset === null && story.payloadBytes[side] > 0 && story.unacknowledgedRepeats(side) >= LEAST_REPEATS;

/** Requests of protocols that answer each, and that had no answer though the connection is over or waits long. */
function listSilences(found: Observation): readonly string[] {
  return listExchanges(found, { answerDue: false }).flatMap(({ kind, protocol, outcome }) =>
    kind === "none" && protocol !== "tcp" ? [outcome] : [],
  );
}

function lastUs({ ways }: DirectionTally): number {
  return Math.max(...ways.map((way) => way.lastUs));
}
