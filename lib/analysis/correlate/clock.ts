import { openCapture } from "../../packets/open.js";
import type { CaptureReader } from "../../packets/reader.js";
import { openersOf } from "../../wire/open.js";
import type { CorrelateInput } from "./input.js";
import { FlowEnds, NEITHER, REPLY, REQUEST } from "./ends.js";
import { leastHashedBytes } from "./prefix.js";
import { HopSource } from "./source.js";

/** So many packets of the flow are read at each hop for the estimate, and so many records searched. */
const MOST_PACKETS = 1024;
const MOST_RECORDS = 100_000;
/** A one-way delay longer than this is taken for a wrong clock. */
const LONGEST_DELAY_US = 1_000_000;
/** All captures begin before the traffic does; a node's that begin farther apart than this have a wrong clock. */
const LONGEST_START_US = 5_000_000;

/** How far a node's clock is ahead of the first node's. */
export interface ClockEstimate {
  readonly node: string;
  readonly aheadUs: number;
  /**
   * "pairs": ((t2−t1)+(t3−t4))/2 of requests and replies; "one-way": no reply, so only gross errors show;
   * "starts": no packet, but when the captures began.
   */
  readonly method: "pairs" | "one-way" | "starts" | "none";
  readonly packets: number;
}

/** Time at which each packet was first seen, by its key, for one direction at one capture. */
type FirstSeen = ReadonlyMap<string, number>;

/**
 * Estimates the nodes' clocks from the first packets that two hops on different nodes have both seen. The
 * first node of the request's way is the reference. Nodes of one capture each cost a short read.
 */
export function estimateClocks(input: CorrelateInput): readonly ClockEstimate[] {
  const nodes = new Set(input.captures.map(({ node }) => node));
  if (nodes.size < 2) return [];
  const seen = readHeads(input);
  const ahead = new Map<string, ClockEstimate>();
  const order = input.requestOrder;
  for (const [position, capture] of order.entries()) {
    const { node } = input.captures[capture]!;
    if (position === 0) ahead.set(node, { node, aheadUs: 0, method: "none", packets: 0 });
    if (ahead.get(node)?.method === "pairs" || position === 0 || node === input.captures[order[0]!]!.node)
      continue;
    const estimate = estimateNode(input, seen, { position, ahead });
    if (!ahead.has(node) || estimate.packets > 0) ahead.set(node, estimate);
  }
  return [...ahead.values()].slice(1);
}

function estimateNode(
  input: CorrelateInput,
  seen: readonly (readonly [FirstSeen, FirstSeen])[],
  at: { position: number; ahead: ReadonlyMap<string, ClockEstimate> },
): ClockEstimate {
  const here = input.requestOrder[at.position]!;
  const { node } = input.captures[here]!;
  for (let position = at.position - 1; position >= 0; position--) {
    const before = input.requestOrder[position]!;
    const base = at.ahead.get(input.captures[before]!.node);
    if (base === undefined || base.node === node) continue;
    const forth = leastDelay(seen[before]![REQUEST], seen[here]![REQUEST]);
    const back = leastDelay(seen[here]![REPLY], seen[before]![REPLY]);
    const packets = forth.packets + back.packets;
    if (packets === 0) continue;
    if (forth.packets > 0 && back.packets > 0) {
      return { node, aheadUs: base.aheadUs + (forth.delayUs - back.delayUs) / 2, method: "pairs", packets };
    }
    const delayUs = forth.packets > 0 ? forth.delayUs : -back.delayUs;
    const gross = delayUs < 0 === forth.packets > 0 || Math.abs(delayUs) > LONGEST_DELAY_US;
    return { node, aheadUs: base.aheadUs + (gross ? delayUs : 0), method: "one-way", packets };
  }
  return estimateByStarts(input, node);
}

/** The captures of a run wait for each other: their beginnings are close together, whatever the clocks say. */
function estimateByStarts({ captures, requestOrder }: CorrelateInput, node: string): ClockEstimate {
  const startOf = (name: string): number =>
    Math.min(...captures.map((one) => (one.node === name ? (one.listeningUs ?? Infinity) : Infinity)));
  const apart = startOf(node) - startOf(captures[requestOrder[0]!]!.node);
  const isGross = Number.isFinite(apart) && Math.abs(apart) > LONGEST_START_US;
  return { node, aheadUs: isGross ? apart : 0, method: isGross ? "starts" : "none", packets: 0 };
}

function leastDelay(first: FirstSeen, then: FirstSeen): { delayUs: number; packets: number } {
  let [delayUs, packets] = [Infinity, 0];
  for (const [key, time] of first) {
    const later = then.get(key);
    if (later === undefined) continue;
    packets++;
    delayUs = Math.min(delayUs, later - time);
  }
  return { delayUs, packets };
}

function readHeads(input: CorrelateInput): (readonly [FirstSeen, FirstSeen])[] {
  const ends = new FlowEnds(input.from, input.to, input.protocol);
  const readers: CaptureReader[] = [];
  try {
    for (const { path, pcap } of input.captures) readers.push(openCapture(path, pcap));
    const hashedBytes = leastHashedBytes(input.captures, readers);
    return readers.map((reader, index) => {
      const tunnels = openersOf(input.captures[index]!.encapsulation);
      return readHead(new HopSource(reader, ends, { tunnels, hashedBytes, clockAheadUs: 0 }));
    });
  } finally {
    for (const reader of readers) reader.close();
  }
}

function readHead(source: HopSource): readonly [FirstSeen, FirstSeen] {
  const seen = [new Map<string, number>(), new Map<string, number>()] as const;
  let packets = 0;
  while (packets < MOST_PACKETS && source.reader.frame < MOST_RECORDS && source.advance()) {
    if (source.direction === NEITHER) continue;
    packets++;
    source.key.compute(source.packet, source.reader.bytes, source.direction);
    const key = `${source.key.first} ${source.key.second}`;
    const times = seen[source.direction as typeof REQUEST | typeof REPLY];
    if (!times.has(key)) times.set(key, source.timeUs);
  }
  return seen;
}
