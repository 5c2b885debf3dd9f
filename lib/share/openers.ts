import type { Encapsulation } from "../model/hops.js";
import { tagOf, TRIGGER_FLOW } from "../model/traffic.js";
import { openersOf, USUAL_OPENERS, type Openers } from "../wire/open.js";

const MOST_DEPTH = 64;

/** Tunnels by their usual ports, and by those that a run's evidence tells of. */
export function openersIn(evidence: readonly unknown[]): Openers {
  const found = evidence.flatMap((value) => [...encapsulationsIn(value, 0)].map(openersOf));
  const udp = [...USUAL_OPENERS.udp];
  for (const opener of found.flatMap((openers) => openers.udp))
    if (!udp.some(({ number, format }) => number === opener.number && format === opener.format))
      udp.push(opener);
  return { ...USUAL_OPENERS, udp };
}

/** What the run's own probes carry, by which they are told from others: hexadecimal. */
export function tagsIn(evidence: readonly unknown[]): readonly string[] {
  return [...new Set(evidence.flatMap((value) => [...textsAt(value, "tagHex", 0)]))].filter((tag) =>
    /^(?:[0-9a-f]{2}){4,16}$/.test(tag),
  );
}

/**
 * The run's own number, which chance made, and the marks in what its probes ask, which are made of it: they tell nothing, and a replay
 * makes them again.
 */
export function numbersIn(runId: string, evidence: readonly unknown[]): readonly string[] {
  const flows = evidence.flatMap((value) => [...textsAt(value, "flowId", 0)]);
  const marks = [...new Set([...flows, TRIGGER_FLOW])].map((flow) => tagOf(runId, flow));
  return [runId, ...marks, ...tagsIn(evidence)];
}

function* textsAt(value: unknown, wanted: string, depth: number): Generator<string> {
  if (typeof value !== "object" || value === null || depth > MOST_DEPTH) return;
  for (const [key, item] of Object.entries(value)) {
    if (key === wanted && typeof item === "string") yield item;
    else yield* textsAt(item, wanted, depth + 1);
  }
}

function* encapsulationsIn(value: unknown, depth: number): Generator<Encapsulation> {
  if (typeof value !== "object" || value === null || depth > MOST_DEPTH) return;
  for (const [key, item] of Object.entries(value)) {
    if (key === "encapsulation" && isWorn(item)) yield item;
    else yield* encapsulationsIn(item, depth + 1);
  }
}

function isWorn(value: unknown): value is Encapsulation {
  if (typeof value !== "object" || value === null) return false;
  const { kind, port, outer } = value as Readonly<Record<string, unknown>>;
  return typeof kind === "string" && typeof port === "number" && (outer === 4 || outer === 6);
}
