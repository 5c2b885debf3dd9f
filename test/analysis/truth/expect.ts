import { basename } from "node:path";
import type {
  FlowFinding,
  Findings,
  HopRef,
  LegFinding,
  VerdictStatus,
} from "../../../lib/model/findings.js";
import { endsOf, type Ends } from "./addresses.js";
import type { FlowPlan, Scenario } from "./scenario.js";
import type { Frame } from "./frame.js";
import { isCaptured } from "./network.js";
import type { Played } from "./traffic.js";
import type { LegTruth, Range } from "./truth.js";

/** Holds findings against what was really done; gives what is wrong, in words. */

const PROTOCOLS = { ping: "icmp", udp: "udp", "one-way": "udp", dns: "udp", tcp: "tcp" } as const;
const ALARMS: readonly VerdictStatus[] = ["lost", "rejected", "unanswered"];

interface Expected {
  readonly flow: number;
  readonly label: string;
  readonly plan: FlowPlan;
  readonly ends: readonly Ends[];
  readonly statuses: readonly VerdictStatus[];
  readonly legs: readonly LegTruth[];
  /** Those to a place that never shows the flow, which nobody asked about. */
  readonly hidden: readonly LegTruth[];
  /** The captures hold all that ever passed. */
  readonly isWhole: boolean;
}

function expectFlows(scenario: Scenario, { network, ends }: Played): readonly Expected[] {
  const legs = network.tally.list();
  const isWhole = scenario.windows === null;
  return scenario.flows.flatMap((plan, flow): Expected[] => {
    const isShown = network.sightings.some(
      ({ frame, hop, atUs }) => frame.flow === flow && frame.isRequest && isCaptured(scenario, hop, atUs),
    );
    if (!isShown) return [];
    const own = legs.filter((leg) => leg.flow === flow);
    const shown = new Set(
      network.sightings.flatMap(({ frame, hop, atUs }) =>
        frame.flow === flow && isCaptured(scenario, hop, atUs) ? [hop] : [],
      ),
    );
    const isCutOff = !isWhole && flow > 0 && own.some(({ to }) => !shown.has(to));
    const connections = Array.from({ length: plan.connections }, (_, index) => index);
    return [
      {
        flow,
        label: `flow ${flow} (${plan.kind})`,
        plan,
        ends: connections.map((connection) =>
          endsOf(plan, { flow, connection, backend: connection % plan.backends.length, v6: scenario.v6 }),
        ),
        statuses: expectStatus(plan, {
          legs: own,
          replies: ends[flow]!.replies.sent,
          hops: scenario.hops.length,
          isWhole,
          isCutOff,
        }),
        legs: own,
        hidden: isCutOff ? own.filter(({ to }) => !shown.has(to)) : [],
        isWhole,
      },
    ];
  });
}

function expectStatus(
  plan: FlowPlan,
  at: {
    readonly legs: readonly LegTruth[];
    readonly replies: number;
    readonly hops: number;
    readonly isWhole: boolean;
    readonly isCutOff: boolean;
  },
): readonly VerdictStatus[] {
  const { legs, replies, hops, isWhole, isCutOff } = at;
  const isPart = plan.span[1] - plan.span[0] + 1 < hops;
  const lost = legs.reduce((all, { missing }) => all + missing.least, 0);
  const maybeLost = legs.reduce((all, { missing }) => all + missing.most, 0);
  const refused: VerdictStatus[] = plan.server === "refuses" && replies > 0 ? ["rejected"] : [];
  // Of a flow that nobody asked about and that a place never shows nobody knows that it was to come by there.
  if (lost > 0 && isCutOff) return ["lost", "inconclusive", ...refused];
  if (lost > 0) return ["lost", ...refused];
  const also: VerdictStatus[] = maybeLost > 0 ? ["lost"] : [];
  // Of what was captured in part nobody need know how it went on; that it was well is said of no loss.
  if (!isWhole) {
    if (lost === 0 || maybeLost > 0) also.push("inconclusive");
    if (maybeLost > 0 || plan.server !== "answers") also.push("unanswered", "rejected", "delivered");
  }
  if (refused.length > 0) return [...refused, ...also];
  // A protocol that nobody knows may need no answer.
  // Answered before the last hop of the files: that it should not have gone on is for nobody to know.
  if (isPart && plan.server === "answers") return ["delivered", "inconclusive", ...also];
  if (plan.server !== "silent" || plan.kind === "one-way" || plan.kind === "udp")
    return ["delivered", ...also];
  // Nothing in a bare file says that its place is the server's own.
  return ["unanswered", "inconclusive", ...also];
}

const isAlone = (legs: readonly LegTruth[]): boolean =>
  legs.every(({ sent, missing }) => sent.most === missing.least);

/** Everything in which the findings are not what happened. */
export function compare(
  scenario: Scenario,
  played: Played,
  { findings, files }: { readonly findings: Findings; readonly files: readonly string[] },
): readonly string[] {
  const names = files.map((file) => basename(file));
  const problems: string[] = [];
  const matched = new Set<FlowFinding>();
  for (const expected of expectFlows(scenario, played)) {
    // A Service's flow is told by backend, and what never came to one apart.
    const flows = findings.flows.filter((one) => !matched.has(one) && isOf(one, expected));
    for (const flow of flows) matched.add(flow);
    // What shows at one place alone, or has no answer and no router's TTL to tell its way, may go either way round.
    const { plan, legs } = expected;
    const isUnanswered =
      played.ends[expected.flow]!.replies.sent === 0 || (plan.server === "refuses" && plan.kind !== "tcp");
    const isEitherWay = plan.reversed && (isUnanswered || isAlone(legs));
    const wrong =
      flows.length === 0
        ? ["not found"]
        : isEitherWay
          ? []
          : scenario.gaps.length > 0
            ? flows.flatMap((flow) =>
                judgeWithGaps(flow, { gaps: scenario.gaps, plan: expected.plan }, names),
              )
            : [
                ...judgeStatus(flows, expected, names),
                ...judgeLegs(flows, expected, names),
                ...judgeNat(flows, expected, scenario, played),
              ];
    problems.push(...wrong.map((text) => `${expected.label}: ${text}`));
  }
  for (const flow of findings.flows)
    if (!matched.has(flow) && ALARMS.includes(flow.verdict.status))
      problems.push(
        `made up: ${flow.protocol} ${flow.from.ip} → ${flow.to.ip}:${flow.to.port} ${flow.verdict.status}`,
      );
  return problems;
}

function isOf(flow: FlowFinding, { plan, ends }: Expected): boolean {
  if (flow.protocol !== PROTOCOLS[plan.kind]) return false;
  return ends.some((one) => {
    const port = plan.kind === "ping" ? null : one.servicePort;
    const behind = plan.kind === "ping" ? null : one.backendPort;
    const isFrom = flow.from.ip === one.client || flow.from.ip === one.node;
    return (
      isFrom &&
      ((flow.to.ip === one.service && flow.to.port === port) ||
        (flow.to.ip === one.backend && flow.to.port === behind))
    );
  });
}

const indexOf = (names: readonly string[], ref: HopRef | null): number =>
  names.findIndex((name) => name === ref?.interface || name === `${ref?.interface ?? ""}.pcap`);

const within = (value: number, { least, most }: Range): boolean => value >= least && value <= most;
const words = ({ least, most }: Range): string => (least === most ? `${least}` : `${least} to ${most}`);

function judgeStatus(flows: readonly FlowFinding[], expected: Expected, names: readonly string[]): string[] {
  const lost = expected.legs.reduce((all, { missing }) => all + missing.least, 0);
  const isPart = flows.length > 1;
  const rest: readonly VerdictStatus[] =
    expected.plan.server === "silent" || !expected.isWhole
      ? ["delivered", "unanswered", "inconclusive"]
      : ["delivered"];
  const statuses = [...expected.statuses, ...(isPart && lost > 0 ? rest : [])];
  const wrong = flows.flatMap(({ verdict }) => (statuses.includes(verdict.status) ? [] : [verdict.status]));
  if (wrong.length > 0) return [`${wrong.join(", ")}, not ${expected.statuses.join(" or ")}`];
  // Of connections of which one side of the translation alone was captured, nobody can tell the way.
  const isHalfSeen = !expected.isWhole && expected.plan.nat !== null && lost <= 3;
  if (isPart && lost > 0 && !isHalfSeen && flows.every(({ verdict }) => rest.includes(verdict.status)))
    return ["not lost"];
  return flows.flatMap(({ verdict }) => {
    if (verdict.status !== "lost") return [];
    const [from, to] = [indexOf(names, verdict.lastSeen), indexOf(names, verdict.firstMissing)];
    const leg = expected.legs.find(
      (one) => isBetween(one, { from, to }, expected.isWhole) && isDirection(one, verdict.direction),
    );
    const place = `${verdict.direction} ${names[from] ?? "-"} > ${names[to] ?? "-"}`;
    if (leg === undefined || leg.missing.most === 0) return [`lost ${place}, where nothing was lost`];
    const { packets, of } = verdict.lost;
    if (isPart ? packets <= leg.missing.most : within(packets, leg.missing) && within(of, leg.sent))
      return [];
    return [`lost ${packets} of ${of} ${place}, not ${words(leg.missing)} of ${words(leg.sent)}`];
  });
}

/**
 * Behind what nothing at all has passed nobody knows that a hop is a silent one; and one that was not captured yet is none
 * of a leg.
 */
function isBetween(
  truth: LegTruth,
  leg: { readonly from: number; readonly to: number },
  isWhole: boolean,
): boolean {
  if (leg.from !== truth.from) return false;
  const isTotal = truth.sent.most === truth.missing.least;
  const isInside = (leg.to - truth.from) * (truth.to - leg.to) > 0;
  const isBeyond = (leg.to - truth.to) * (truth.to - truth.from) > 0;
  return leg.to === truth.to || (isTotal && isInside) || (!isWhole && isBeyond);
}

const isDirection = (leg: LegTruth, direction: LegFinding["direction"] | null): boolean =>
  leg.isRequest === (direction === "request");

function judgeLegs(
  flows: readonly FlowFinding[],
  { legs, hidden, plan, isWhole }: Expected,
  names: readonly string[],
): string[] {
  const problems: string[] = [];
  const left = new Set(flows.flatMap((flow) => flow.legs ?? []));
  for (const truth of legs) {
    const place = `${truth.isRequest ? "request" : "reply"} leg ${names[truth.from]} > ${names[truth.to]}`;
    const said = [...left].filter(
      (leg) =>
        isBetween(truth, { from: indexOf(names, leg.from), to: indexOf(names, leg.to) }, isWhole) &&
        isDirection(truth, leg.direction),
    );
    if (said.length === 0 && truth.sent.least > 0 && !hidden.includes(truth)) problems.push(`no ${place}`);
    if (said.length === 0) continue;
    for (const leg of said) left.delete(leg);
    const sum = (name: "sent" | "missing" | "undecided"): number =>
      said.reduce((all, leg) => all + leg[name], 0);
    // Frames of before it was known where a stream begins may be counted as the pieces that they are cut into.
    const most = isWhole || plan.kind !== "tcp" ? truth.sent.most : 2 * truth.sent.most;
    if (!within(sum("sent"), { least: isWhole || plan.nat === null ? truth.sent.least : 0, most }))
      problems.push(`${place}: ${sum("sent")} sent, not ${words(truth.sent)}`);
    const least = !isWhole && plan.nat !== null ? 0 : truth.missing.least;
    if (!within(sum("missing"), { ...truth.missing, least }))
      problems.push(`${place}: ${sum("missing")} missing, not ${words(truth.missing)}`);
    // What passed while a capture began or ended may be left open.
    if (sum("undecided") > 0 && isWhole) problems.push(`${place}: ${sum("undecided")} undecided`);
  }
  for (const leg of left)
    if (leg.missing > 0)
      problems.push(
        `${leg.direction} leg ${leg.from.interface} > ${leg.to.interface}: ${leg.missing} missing made up`,
      );
  return problems;
}

/** A capture that does not hold all: nothing was lost, and where it cannot be known nobody is sure. */
function judgeWithGaps(
  { verdict, legs = [] }: FlowFinding,
  { gaps, plan }: Pick<Scenario, "gaps"> & { readonly plan: FlowPlan },
  names: readonly string[],
): string[] {
  const isGap = (ref: HopRef | null): boolean => gaps.some(({ hop }) => hop === indexOf(names, ref));
  if (verdict.status === "lost") {
    if (gaps.some(({ kind, hop }) => kind === "misses some" && !plan.span.includes(hop)))
      return ["lost, and later hops show all of it"];
    if (verdict.confidence === "high") return ["lost with high confidence, where a capture has a gap"];
    if (!isGap(verdict.lastSeen) && !isGap(verdict.firstMissing)) return ["lost away from the gap"];
  }
  return legs
    .filter(({ missing, from, to }) => missing > 0 && !isGap(from) && !isGap(to))
    .map(
      ({ from, to, missing }) =>
        `${missing} missing from ${from.interface} to ${to.interface}, away from the gap`,
    );
}

function judgeNat(
  flows: readonly FlowFinding[],
  { flow, plan, ends, isWhole }: Expected,
  scenario: Scenario,
  { network }: Played,
): string[] {
  const seen = (isTranslated: boolean): readonly Frame[] =>
    network.sightings.flatMap(({ frame, hop, atUs, ...one }) =>
      frame.flow === flow &&
      frame.isRequest &&
      one.isTranslated === isTranslated &&
      isCaptured(scenario, hop, atUs)
        ? [frame]
        : [],
    );
  const behind = new Set(seen(true));
  const before = seen(false);
  const isBoth = isWhole ? behind.size > 0 && before.length > 0 : before.some((frame) => behind.has(frame));
  if (plan.nat === null || !isBoth) return [];
  const said = flows.flatMap(({ rewrites = [] }) =>
    rewrites.filter(({ direction }) => direction === "request"),
  );
  const isMasked = network.sightings.some(
    (one) => one.frame.flow === flow && one.isMasked && isCaptured(scenario, one.hop, one.atUs),
  );
  // Two changes at two places may be told one by one, or as what they come to.
  const isInSteps = plan.nat.sourceAfter !== undefined;
  const fits = ends.some((one) => {
    const ofSource = said.filter(
      ({ source }) => hostOf(source.was) === one.client && hostOf(source.is) === one.node,
    );
    const ofDestination = said.filter(
      ({ destination }) => hostOf(destination.was) === one.service && hostOf(destination.is) === one.backend,
    );
    return isInSteps
      ? ofDestination.length > 0 && (ofSource.length > 0 || !isMasked)
      : ofDestination.some((rewrite) => ofSource.includes(rewrite));
  });
  const [one] = ends;
  return fits
    ? []
    : [
        `no rewrite ${one?.client} > ${one?.service} to ${one?.node} > ${one?.backend}, but ${JSON.stringify(said)}`,
      ];
}

/** `address:port`, `[address]:port` or an address. */
function hostOf(text: string): string {
  const bracketed = /^\[(.*)\]/.exec(text);
  if (bracketed !== null) return bracketed[1]!;
  return text.split(":").length === 2 ? text.split(":")[0]! : text;
}
