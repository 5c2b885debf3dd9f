import type { ExchangeFinding } from "../../model/findings.js";
import type { ClockEstimate } from "../follow/clocks/clock.js";
import type { Flow, ConnectionFacts, RewriteRecord } from "../follow/flow.js";
import type { CaptureReading, Followed } from "../follow/follow.js";
import { REPLY, REQUEST } from "../follow/ends.js";
import type { NeighbourQuestion } from "../follow/neighbours.js";
import { emptyRecord } from "../follow/record.js";
import type { Rejection } from "../follow/rejections.js";
import type { PlaceSets } from "../follow/sets.js";
import { tallyDirection, type DirectionTally } from "../follow/tally.js";

/** What the captures showed of one flow, in the order of its way. Places are indexes of captures. */
export interface Observation {
  readonly request: DirectionTally;
  readonly reply: DirectionTally;
  readonly rejections: readonly Rejection[];
  readonly connections: readonly ConnectionFacts[];
  /** How many there were; `connections` has at most some of them. */
  readonly connectionCount: number;
  readonly rewrites: readonly RewriteRecord[];
  /** Packets of other conversations between the same ends. */
  readonly others: number;
  readonly clocks: readonly ClockEstimate[];
  readonly readings: readonly CaptureReading[];
  readonly sets: PlaceSets;
  /** null where the captures show nothing of it. */
  readonly record: Flow | null;
  /** Who has which address, as anybody asked. */
  readonly questions: readonly NeighbourQuestion[];
  /** Until when the captures show what happened, by the first node's clock. */
  readonly untilUs: number;
}

/** The orders of both directions: places, from the direction's sender on. */
interface ObservationOrder {
  readonly requestOrder: readonly number[];
  readonly replyOrder: readonly number[];
  /** Places that packets of a direction may pass by unseen. Absent: none. */
  readonly passedBy?: Readonly<Record<"request" | "reply", ReadonlySet<number>>>;
}

/** `flow` is null where the captures show nothing of it. */
export function observe(
  flow: Flow | null,
  followed: Followed,
  at: ObservationOrder & { readonly others: number },
): Observation {
  const { sets, clocks, readings } = followed;
  const [request, reply] = flow?.records ?? [emptyRecord(REQUEST), emptyRecord(REPLY)];
  return {
    request: tallyDirection(request, at.requestOrder, sets, at.passedBy?.request),
    reply: tallyDirection(reply, at.replyOrder, sets, at.passedBy?.reply),
    rejections: flow?.rejections ?? [],
    connections: flow?.kept ?? [],
    connectionCount: flow?.connections ?? 0,
    rewrites: flow?.rewrites ?? [],
    others: at.others,
    clocks,
    readings,
    sets,
    record: flow,
    questions: followed.questions,
    untilUs: followed.untilUs,
  };
}

/** What the two ends said; nothing where the captures show nothing of them. `answerDue`: of datagrams, too. */
export function listExchanges(
  { record, untilUs }: Observation,
  { answerDue }: { readonly answerDue: boolean },
): readonly ExchangeFinding[] {
  return record?.talk?.finish(untilUs, answerDue) ?? [];
}
