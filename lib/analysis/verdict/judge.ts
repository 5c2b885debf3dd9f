import { HopbookError } from "../../errors.js";
import type { CaptureRecord, EvidenceHop, FlowEvidence, ProbeRecord } from "../../model/evidence.js";
import type { FlowFinding } from "../../model/findings.js";
import { follow, type Followed } from "../follow/follow.js";
import { identifyProbes } from "../follow/identity.js";
import { TAIL_US } from "../follow/clocks/limits.js";
import type { HopCapture } from "../follow/source.js";
import type { TargetInput } from "../follow/target.js";
import { narrowSealed } from "../sealed/narrow.js";
import { bareFlow } from "./bare-flow.js";
import { decide } from "./decide.js";
import { FrameReader } from "./frames.js";
import type { JudgedFlow } from "./judged.js";
import { describeUnanswered, isUnanswered } from "./neighbours.js";
import { observe } from "./observation.js";
import { endOf, OtherFlows } from "./others.js";
import { Places, type Route } from "./route.js";

/** Each is an open file. */
const MOST_CAPTURES = 256;
/** So many unanswered questions are told. */
const MOST_QUESTIONS = 20;

interface JudgeInput {
  /** The flows that are asked about. */
  readonly flows: readonly FlowEvidence[];
  /** Ways that other flows may take, in either direction; default: those of `flows`. */
  readonly paths?: readonly (readonly EvidenceHop[])[];
  readonly records: readonly CaptureRecord[];
  readonly probes: readonly ProbeRecord[];
  /** The run folder; a capture's path is relative to it. */
  readonly dir: string;
  /** Bare files: tunnels are known by their usual ports, and paths are not held to a folder. */
  readonly isBare?: boolean;
  /** Tunnels are known by their usual ports. */
  readonly areTunnelsUnknown?: boolean;
  /** Hops that are one of several devices in a file, by their ids. */
  readonly devices?: ReadonlyMap<string, number>;
}

interface Judged {
  /** Those that were asked about, in their order. */
  readonly asked: readonly JudgedFlow[];
  /** All others that the captures hold. */
  readonly others: OtherFlows;
  /** Questions of ARP and neighbour discovery that nobody answered. */
  readonly unanswered: readonly FlowFinding[];
  /** So many more were not told apart. */
  readonly leftOut: number;
  readonly followed: Followed;
  /** Of all places. */
  readonly captures: readonly HopCapture[];
}

/** Reads all captures once and argues a verdict for each flow in them. Never throws for what a capture contains. */
export function judgeFlows(input: JudgeInput): Judged {
  const places = new Places(input);
  const routes = input.flows.map((flow) => places.route(flow));
  const paths = (input.paths ?? input.flows.map(({ hops }) => hops)).map((hops) => ({
    hops,
    route: places.route(pathFlow(hops)),
  }));
  if (places.list.length > MOST_CAPTURES)
    throw new HopbookError(
      "EVIDENCE_INVALID",
      `Cannot follow flows through ${places.list.length} captures: at most ${MOST_CAPTURES} are read at once`,
      { hint: "Analyze fewer captures at a time" },
    );
  const probesOf = (flow: FlowEvidence): readonly ProbeRecord[] =>
    input.probes.filter(({ flowId }) => flowId === flow.id);
  const targets = joinTwins(input.flows, routes, probesOf);
  const captures = places.list.map(({ capture }) => capture);
  const followed = follow({
    captures,
    targets,
    paths: paths.map(({ route }) => route.requestOrder),
  });
  const asked = input.flows.map((flow, index): JudgedFlow => {
    const route = routes[index]!;
    const twin = targets.findIndex((target) => target.flows.includes(index));
    const own = followed.flows.find(({ target }) => target === twin) ?? null;
    const found = observe(own, followed, { ...route, others: countOthers(followed, twin) });
    const probes = probesOf(flow);
    const decision = decide({ flow, route, found, probes, leaves: [] });
    return narrowSealed({ flow, route, found, decision }, captures);
  });
  const hopAt = new Map([...paths.map(({ route }) => route), ...routes].flatMap((route) => [...route.hopAt]));
  return {
    asked,
    others: new OtherFlows(
      followed,
      paths.map(({ route }) => route),
    ),
    unanswered: describeQuestions(followed, captures, hopAt),
    leftOut: followed.flowsLeftOut,
    followed,
    captures,
  };
}

function describeQuestions(
  { questions }: Followed,
  captures: readonly HopCapture[],
  hopAt: ReadonlyMap<number, EvidenceHop>,
): FlowFinding[] {
  const frames = new FrameReader(captures);
  return frames.use(() =>
    questions
      .filter(isUnanswered)
      .slice(0, MOST_QUESTIONS)
      .map((question) => describeUnanswered(question, hopAt, frames)),
  );
}

/** A flow of interest to the correlation: several where nothing tells their packets apart. */
interface JoinedTarget extends TargetInput {
  readonly flows: readonly number[];
}

function joinTwins(
  flows: readonly FlowEvidence[],
  routes: readonly Route[],
  probesOf: (flow: FlowEvidence) => readonly ProbeRecord[],
): JoinedTarget[] {
  const targets = new Map<string, JoinedTarget>();
  for (const [index, flow] of flows.entries()) {
    const probes = probesOf(flow);
    const identity = identifyProbes(probes);
    const { requestOrder, replyOrder } = routes[index]!;
    const ends = JSON.stringify([flow.protocol, flow.from.addresses, flow.to.addresses]);
    const key = identity.known ? `${index}` : ends;
    const twin = targets.get(key);
    targets.set(key, {
      flows: [...(twin?.flows ?? []), index],
      from: flow.from.addresses,
      to: flow.to.addresses,
      protocol: flow.protocol,
      identity,
      requestOrder: [...new Set([...(twin?.requestOrder ?? []), ...requestOrder])],
      replyOrder: [...new Set([...(twin?.replyOrder ?? []), ...replyOrder])],
      tailUs: flow.probe === null || isLeft(probes) ? TAIL_US.watched : TAIL_US.probed,
    });
  }
  return [...targets.values()];
}

/** Whether a probe may go on for as long as the captures do: its node was lost. */
function isLeft(probes: readonly ProbeRecord[]): boolean {
  return probes.some(({ error }) => error !== null);
}

/** Packets of other conversations between the ends of a flow that was asked about. */
function countOthers({ flows }: Followed, index: number): number {
  return flows
    .filter(({ target, between }) => target < 0 && between === index)
    .flatMap(({ records }) => records.flatMap(({ ways }) => ways))
    .reduce((sum, { packets }) => sum + packets, 0);
}

/** A path is a flow without ends. */
function pathFlow(hops: readonly EvidenceHop[]): FlowEvidence {
  const nobody = endOf([{ ip: "", port: null }]);
  return bareFlow({ id: "", from: nobody, to: nobody, protocol: "icmp", hops });
}
