import type { ExchangeFinding, FlowFinding, HopRef, LegFinding } from "../../model/findings.js";

/** A part of what a connection takes. */
interface Part {
  readonly what: "dns" | "leg" | "far-end";
  /** "from node-a eth0 to node-b eth0 and back". */
  readonly where: string;
  readonly tookMs: number;
}

export interface Timing {
  /** `refused`: as by a probe or a server that says no; the verdict's own words otherwise. */
  readonly code: "none" | "not-connected" | "slow-name" | "slow-leg" | "slow-far-end" | "not-known";
  readonly summary: string;
  readonly totalMs: number;
  readonly parts: readonly Part[];
}

interface Given {
  readonly flows: readonly FlowFinding[];
  /** What the walk over the search domains takes; null: nobody asked for a name. */
  readonly nameMs: number | null;
  readonly slowMs: number;
}

/** Two nodes' clocks are not told apart by less: a part of less is not where the time goes. */
const LEAST_SHARE = 0.5;

/**
 * Where the time of a name, a connection and its answer goes: the name, one leg (there and back), or the far end, which is what
 * is left of the time between question and answer. Legs between nodes count there and back together, for which their clocks
 * do not matter.
 */
export function attributeTime({ flows, nameMs, slowMs }: Given): Timing {
  const broken = flows.find(({ verdict }) => verdict.status !== "delivered");
  const parts = [
    ...(nameMs === null ? [] : [{ what: "dns" as const, where: "the name", tookMs: nameMs }]),
    ...flows.flatMap(partsOf),
  ].toSorted((one, other) => other.tookMs - one.tookMs);
  const slowest = slowestFlow(flows);
  const totalMs = (nameMs ?? 0) + (slowest ?? 0);
  if (broken !== undefined) {
    const { verdict, probe, protocol } = broken;
    return { code: "not-connected", summary: `${probe ?? protocol} is ${verdict.status}`, totalMs, parts };
  }
  if (slowest === null) return { code: "not-known", summary: "No answer was timed", totalMs, parts };
  const [first] = parts;
  const all = `${sayMs(totalMs)} in all`;
  if (totalMs < slowMs || first === undefined)
    return { code: "none", summary: `${all}: ${sayParts(parts)}`, totalMs, parts };
  const known = parts.filter(({ tookMs }) => tookMs >= totalMs * LEAST_SHARE);
  const code = known.length === 0 ? "not-known" : CODES[first.what];
  const where =
    known.length === 0
      ? "no part has half of it"
      : `${sayMs(first.tookMs)} of them ${PLACES[first.what](first.where)}`;
  return { code, summary: `${all}, ${where}: ${sayParts(parts)}`, totalMs, parts };
}

const CODES = { dns: "slow-name", leg: "slow-leg", "far-end": "slow-far-end" } as const;
const PLACES = {
  dns: () => "for the name",
  leg: (where: string) => `on the way ${where}`,
  "far-end": (where: string) => `at ${where}`,
} as const;

/** The answer that was waited for: of HTTP and TLS it, else the connection. */
function answerOf({ exchanges = [] }: FlowFinding): ExchangeFinding | null {
  const timed = exchanges.filter(({ tookMs }) => tookMs !== null);
  return timed.find(({ protocol }) => protocol === "http" || protocol === "tls") ?? timed[0] ?? null;
}

/** A connection and then its answer, where there are both. */
function slowestFlow(flows: readonly FlowFinding[]): number | null {
  const took = flows.flatMap((flow) => {
    const answer = answerOf(flow)?.tookMs?.median;
    return answer === undefined ? [] : [answer];
  });
  return took.length === 0 ? null : Math.max(...took);
}

function partsOf(flow: FlowFinding): readonly Part[] {
  const { legs = [], to } = flow;
  const answer = answerOf(flow);
  if (answer?.tookMs == null) return [];
  const [requests, replies] = (["request", "reply"] as const).map((direction) =>
    legs.filter((leg) => leg.direction === direction && leg.delayUs !== null),
  );
  const ways = (requests ?? []).map((leg): Part => {
    const back = (replies ?? []).find(({ from, to: end }) => isSame(from, leg.to) && isSame(end, leg.from));
    const where = `from ${sayHop(leg.from)} to ${sayHop(leg.to)}${back === undefined ? "" : " and back"}`;
    return {
      what: "leg",
      where,
      tookMs: Math.max(0, medianMs(leg) + (back === undefined ? 0 : medianMs(back))),
    };
  });
  const onTheWay = ways.reduce((sum, { tookMs }) => sum + tookMs, 0);
  const name = to.service?.name ?? to.pod ?? to.node ?? to.ip;
  const words = `${name}, until its ${answer.protocol === "tcp" ? "connection" : answer.protocol.toUpperCase()} answer`;
  return [...ways, { what: "far-end", where: words, tookMs: Math.max(0, answer.tookMs.median - onTheWay) }];
}

function medianMs({ delayUs }: LegFinding): number {
  return (delayUs?.median ?? 0) / 1000;
}

function isSame(one: HopRef, other: HopRef): boolean {
  return one.node === other.node && one.interface === other.interface && one.role === other.role;
}

function sayHop({ node, interface: name }: HopRef): string {
  return `${node} ${name}`;
}

function sayMs(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

function sayParts(parts: readonly Part[]): string {
  return parts
    .slice(0, 4)
    .map(
      ({ what, where, tookMs }) =>
        `${what === "leg" ? where : what === "dns" ? "the name" : where} ${sayMs(tookMs)}`,
    )
    .join("; ");
}
