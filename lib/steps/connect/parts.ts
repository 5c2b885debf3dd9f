import type { FlowPath } from "../../model/hops.js";
import type { ExchangeFinding, FlowFinding, HopRef, LegFinding } from "../../model/findings.js";
import { sayHop } from "../shared/words.js";

/** One round of question and answer after the other, of which a connection is made. */
export interface Phase {
  readonly name: "name" | "connection" | "TLS" | "HTTP";
  readonly tookMs: number;
}

/** A part of what a connection takes. */
export interface Part {
  readonly what: "dns" | "leg" | "far-end";
  /** "from node-a eth0 to node-b eth0 and back". */
  readonly where: string;
  readonly tookMs: number;
}

/** What the walk over the search domains takes, one question after the other, and the ways to its servers. */
export interface NameTime {
  readonly tookMs: number;
  readonly rounds: number;
  readonly paths: readonly FlowPath[];
}

interface Timed {
  readonly phases: readonly Phase[];
  readonly parts: readonly Part[];
}

/**
 * The phases of the slowest connection of those that went furthest, and where their time went: each leg there and back in
 * each phase, for which two nodes' clocks do not matter; the far end, which has the rest; and the name less the legs
 * that its questions share. `inside`: by flow, what HTTP inside TLS took.
 */
export function timeFlows(
  flows: readonly FlowFinding[],
  name: NameTime | null,
  inside: ReadonlyMap<string, number> = new Map(),
): Timed {
  const phasesOf = (flow: FlowFinding): readonly Phase[] => timePhases(flow, inside.get(flow.id));
  const weigh = (flow: FlowFinding): number => weighPhases(phasesOf(flow));
  const [flow] = flows
    .filter((one) => phasesOf(one).length > 0)
    .toSorted((one, other) => weigh(other) - weigh(one));
  const named: readonly Phase[] = name === null ? [] : [{ name: "name", tookMs: name.tookMs }];
  const own = flow === undefined ? [] : phasesOf(flow);
  const legs = flow === undefined ? [] : legsOf(flow);
  const shared = name === null ? 0 : legs.reduce((sum, leg) => sum + sharedMs(leg, name), 0);
  const nameShare = name === null || shared === 0 ? 0 : Math.min(1, name.tookMs / shared);
  const ways = legs.map((leg): Part => {
    const ofName = name === null ? 0 : sharedMs(leg, name) * nameShare;
    return { what: "leg", where: leg.where, tookMs: leg.tookMs * own.length + ofName };
  });
  const onTheWay = legs.reduce((sum, { tookMs }) => sum + tookMs, 0);
  const far = flow === undefined ? [] : [farEnd(flow, own, onTheWay)];
  const rest: readonly Part[] =
    name === null
      ? []
      : [{ what: "dns", where: "the name", tookMs: Math.max(0, name.tookMs - shared * nameShare) }];
  const parts = [...rest, ...ways, ...far].toSorted((one, other) => other.tookMs - one.tookMs);
  return { phases: [...named, ...own], parts };
}

/** What each phase takes longer than its way. */
function farEnd(flow: FlowFinding, phases: readonly Phase[], wayMs: number): Part {
  const own = phases.map(({ name, tookMs }) => ({ name, tookMs: Math.max(0, tookMs - wayMs) }));
  const words = own.map(({ name, tookMs }) => `${name} ${sayMs(tookMs)}`).join(", ");
  const tookMs = own.reduce((sum, phase) => sum + phase.tookMs, 0);
  return { what: "far-end", where: `${nameOf(flow)} (${words})`, tookMs };
}

const PHASES = [
  ["tcp", "connection"],
  ["tls", "TLS"],
  ["http", "HTTP"],
] as const;

/** HTTP inside TLS is seen in no packet: whoever asked has timed it. */
function timePhases({ exchanges = [] }: FlowFinding, insideMs: number | undefined): readonly Phase[] {
  const inside: readonly Phase[] = insideMs === undefined ? [] : [{ name: "HTTP", tookMs: insideMs }];
  return PHASES.flatMap(([protocol, name]): readonly Phase[] => {
    const took = exchanges.filter((one) => one.protocol === protocol).flatMap((one) => middleOf(one));
    return took.length === 0 ? [] : [{ name, tookMs: Math.max(...took) }];
  }).concat(inside);
}

function middleOf({ tookMs }: ExchangeFinding): readonly number[] {
  return tookMs === null ? [] : [tookMs.median];
}

/** More phases tell more than more time. */
function weighPhases(phases: readonly Phase[]): number {
  return phases.length * 1e9 + phases.reduce((sum, { tookMs }) => sum + tookMs, 0);
}

interface Leg {
  readonly from: HopRef;
  readonly to: HopRef;
  readonly where: string;
  /** Of one round: there, and back where the answer came the same way. */
  readonly tookMs: number;
}

function legsOf({ legs = [] }: FlowFinding): readonly Leg[] {
  const [requests, replies] = (["request", "reply"] as const).map((direction) =>
    legs.filter((leg) => leg.direction === direction && leg.delayUs !== null),
  );
  return (requests ?? []).map((leg) => {
    const back = (replies ?? []).find(({ from, to }) => isSame(from, leg.to) && isSame(to, leg.from));
    const both = medianMs(leg) + (back === undefined ? 0 : medianMs(back));
    return {
      ...{ from: leg.from, to: leg.to },
      where: `from ${sayHop(leg.from)} to ${sayHop(leg.to)}${back === undefined ? "" : " and back"}`,
      tookMs: Math.max(0, both),
    };
  });
}

/** How much of the name's time is a leg's, where its questions go by it as well. */
function sharedMs({ from, to, tookMs }: Leg, { paths, rounds }: NameTime): number {
  const goesBy = paths.some(({ hops }) =>
    hops.some((hop, index) => isSame(hop, from) && isSame(hops[index + 1] ?? hop, to)),
  );
  return goesBy ? tookMs * rounds : 0;
}

function medianMs({ delayUs }: LegFinding): number {
  return (delayUs?.median ?? 0) / 1000;
}

/** A pod's device is often called as its node's is. */
function isSame(one: HopRef, other: HopRef): boolean {
  return one.node === other.node && one.interface === other.interface && one.role === other.role;
}

export function sayMs(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

function nameOf({ to }: FlowFinding): string {
  return to.service?.name ?? to.pod ?? to.node ?? to.ip;
}
