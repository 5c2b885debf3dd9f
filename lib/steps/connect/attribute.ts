import type { FlowFinding } from "../../model/findings.js";
import { judgeTls, type TlsAnswer } from "../../traffic/index.js";
import { sayMs, timeFlows, type NameTime, type Part, type Phase } from "./parts.js";

export interface Timing {
  readonly code:
    | "none"
    | "not-connected"
    | (ReturnType<typeof judgeTls>["code"] & string)
    | "slow-name"
    | "slow-leg"
    | "slow-far-end"
    | "not-known";
  readonly summary: string;
  readonly totalMs: number;
  /** One after the other. */
  readonly phases: readonly Phase[];
  /** The same time by where it went, the longest first. */
  readonly parts: readonly Part[];
  /** What certificates say, or why there is none. */
  readonly tls: readonly string[];
}

interface Given {
  readonly flows: readonly FlowFinding[];
  /** null: nobody asked for a name. */
  readonly name: NameTime | null;
  readonly slowMs: number;
  /** What TLS probes were answered. */
  readonly tls?: readonly TlsAnswer[];
}

/** What has less of the time is not where it goes. */
const LEAST_SHARE = 0.5;

/** Where the time of a name, a connection and its answers goes: the name, one leg there and back, or the far end. */
export function attributeTime({ flows, name, slowMs, tls = [] }: Given): Timing {
  const broken = flows.find(
    ({ verdict }) => verdict.status !== "delivered" && verdict.status !== "inconclusive",
  );
  const undecided = flows.find(({ verdict }) => verdict.status === "inconclusive");
  const inside = new Map(
    tls.flatMap(({ flowId, http }) => (http?.tookMs == null ? [] : [[flowId, http.tookMs]])),
  );
  const { phases, parts } = timeFlows(flows, name, inside);
  const totalMs = phases.reduce((sum, { tookMs }) => sum + tookMs, 0);
  const judged = tls.map(judgeTls);
  const timing = { totalMs, phases, parts, tls: judged.map(({ summary }) => summary) };
  if (broken !== undefined) {
    const { verdict, probe, protocol } = broken;
    return { code: "not-connected", summary: `${probe ?? protocol} is ${verdict.status}`, ...timing };
  }
  if (undecided !== undefined) {
    const { verdict, probe, protocol } = undecided;
    const why = verdict.caveats[0] ?? "its captures do not tell";
    return {
      code: "not-known",
      summary: `What became of ${probe ?? protocol} is not known: ${why}`,
      ...timing,
    };
  }
  const fault = judged.find(({ code }) => code !== null);
  if (fault?.code != null)
    return { code: fault.code, summary: `The connection is made; ${fault.summary}`, ...timing };
  const [first] = parts;
  if (first === undefined || phases.every((phase) => phase.name === "name"))
    return { code: "not-known", summary: "No answer was timed", ...timing };
  const all = `${sayMs(totalMs)} in all (${phases.map((phase) => `${phase.name} ${sayMs(phase.tookMs)}`).join(", ")})`;
  const told = [sayParts(parts), ...timing.tls.map((said) => said.replaceAll("; ", ", "))].join("; ");
  if (totalMs < slowMs) return { code: "none", summary: `${all}: ${told}`, ...timing };
  const isKnown = first.tookMs >= totalMs * LEAST_SHARE;
  const where = isKnown
    ? `${sayMs(first.tookMs)} of them ${PLACES[first.what](first.where)}`
    : "no part has half of it";
  const code = isKnown ? CODES[first.what] : "not-known";
  return { code, summary: `${all}, ${where}: ${told}`, ...timing };
}

const CODES = { dns: "slow-name", leg: "slow-leg", "far-end": "slow-far-end" } as const;
const PLACES = {
  dns: () => "for the name",
  leg: (where: string) => `on the way ${where}`,
  "far-end": (where: string) => `at ${where}`,
} as const;

function sayParts(parts: readonly Part[]): string {
  return parts
    .slice(0, 4)
    .map(({ where, tookMs }) => `${where} ${sayMs(tookMs)}`)
    .join("; ");
}
