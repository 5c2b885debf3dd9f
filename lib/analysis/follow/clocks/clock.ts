import { readHeads, type Head } from "./heads.js";
import type { HopCapture } from "../source.js";
import { CLOCK_ERROR_US } from "./limits.js";

/** A one-way delay longer than this is taken for a wrong clock. */
const LONGEST_DELAY_US = 1_000_000;
/** All captures begin before the traffic does; a node's that begin farther apart than this have a wrong clock. */
const LONGEST_START_US = 5_000_000;

/** How far a node's clock is ahead of the first node's. */
export interface ClockEstimate {
  readonly node: string;
  readonly aheadUs: number;
  /**
   * "pairs": ((t2−t1)+(t3−t4))/2 of packets there and back; "between": the same of packets that came from one node and
   * went on to another; "one-way": no way back, so only gross errors show; "starts": no packet, but when the captures began.
   */
  readonly method: "pairs" | "between" | "one-way" | "starts" | "none";
  readonly packets: number;
  /** How far it may be from that; Infinity: nobody knows. */
  readonly errorUs: number;
}

/** What the first packets tell of the places. */
export interface FirstLook {
  readonly clocks: readonly ClockEstimate[];
  /** Places that show packets twice: what comes in by the device goes out by it, behind a router. */
  readonly twice: ReadonlySet<number>;
}

/** Time differences of packets that two places have both shown, of one direction between two ends. */
interface Differences {
  least: number;
  most: number;
  packets: number;
  /** Of `packets`: both places showed them as often. */
  sure: number;
  /** By TTL where it fell, else as requests go: more than 0: they pass the first of the two places first. */
  votes: number;
}

const [FORTH, BACK] = [0, 1] as const;
/** Between two ends, by direction; null where both places show no packet of it. */
type Pair = [Differences | null, Differences | null];

/**
 * Estimates the nodes' clocks from the first packets that places on different nodes have both shown. The first place's
 * node is the reference. Nodes of one capture each cost a short read.
 */
export function estimateClocks(captures: readonly HopCapture[]): FirstLook {
  const nodes = [...new Set(captures.map(({ node }) => node))];
  if (nodes.length < 2) return { clocks: [], twice: new Set() };
  const read = readHeads(captures);
  const compared = new Comparisons(read.map(({ heads }) => heads));
  const twice = new Set(read.flatMap(({ isTwice }, place) => (isTwice ? [place] : [])));
  const ahead = new Map<string, ClockEstimate>();
  ahead.set(nodes[0]!, { node: nodes[0]!, aheadUs: 0, method: "pairs", packets: 0, errorUs: 0 });
  while (ahead.size < nodes.length) {
    const known = ahead.size;
    const guesses: ClockEstimate[] = [];
    // A node may share packets only with one that is not the first: as many rounds as there are nodes.
    for (const node of nodes) {
      if (ahead.has(node)) continue;
      const estimate = estimateNode(node, { captures, compared, ahead });
      if (estimate === null) continue;
      if (isSound(estimate)) ahead.set(node, estimate);
      else guesses.push(estimate);
    }
    if (ahead.size > known) continue;
    const [guess] = guesses;
    if (guess !== undefined) {
      ahead.set(guess.node, guess);
      continue;
    }
    // Those that are left share no packet with the others, but may with each other.
    const alone = nodes.find((node) => !ahead.has(node))!;
    ahead.set(alone, estimateByStarts(captures, alone, nodes[0]!));
  }
  return { clocks: nodes.slice(1).map((node) => ahead.get(node)!), twice };
}

function estimateNode(
  node: string,
  at: {
    captures: readonly HopCapture[];
    compared: Comparisons;
    ahead: ReadonlyMap<string, ClockEstimate>;
  },
): ClockEstimate | null {
  let best: Comparison | null = null;
  let errorUs = Infinity;
  // What comes from a node of which the clock is known was there before, what goes on to one comes there later.
  let [most, least] = [Infinity, -Infinity];
  for (const [here, capture] of at.captures.entries()) {
    if (capture.node !== node) continue;
    for (const [there, { node: other }] of at.captures.entries()) {
      const base = at.ahead.get(other);
      if (base === undefined || other === node) continue;
      const found = at.compared.of(there, here);
      if (found === null) continue;
      if (found.limit !== null && isSound(base)) {
        const limitUs = base.aheadUs + found.limit.aheadUs;
        if (found.limit.isMost) most = Math.min(most, limitUs);
        else least = Math.max(least, limitUs);
      }
      if (best !== null && !isBetter(found, best)) continue;
      best = { ...found, aheadUs: base.aheadUs + found.aheadUs };
      errorUs = base.errorUs + found.errorUs;
    }
  }
  if (best === null) return null;
  if (best.method !== "pairs" && least <= most && Number.isFinite(most - least))
    return {
      ...{ node, aheadUs: (least + most) / 2, method: "between", packets: best.packets },
      errorUs: (most - least) / 2,
    };
  const { aheadUs, method, packets } = best;
  return { node, aheadUs, method, packets, errorUs: method === "pairs" ? errorUs : Infinity };
}

/** What two places' packets say of their clocks; the second one's is ahead by so much, give or take an error. */
interface Comparison extends Omit<ClockEstimate, "node"> {
  /** Of packets that went one way alone: the second clock is ahead by so much at most, or at least; else null. */
  readonly limit: { readonly aheadUs: number; readonly isMost: boolean } | null;
  /** Of `packets`: there is no doubt which they are. */
  readonly sure: number;
}

/** Whether a clock is known from both sides. */
const isSound = ({ method }: ClockEstimate): boolean => method === "pairs" || method === "between";

/** Of each two places, made once: all rounds ask for them. */
class Comparisons {
  private readonly made = new Map<number, Comparison | null>();

  constructor(private readonly heads: readonly ReadonlyMap<number, Head>[]) {}

  of(there: number, here: number): Comparison | null {
    const key = there * this.heads.length + here;
    let found = this.made.get(key);
    if (found === undefined) {
      found = compare(this.heads[there]!, this.heads[here]!, there < here);
      this.made.set(key, found);
    }
    return found;
  }
}

/** Two neighbours on the wire have the least time between them, and so the least error. */
function isBetter(one: Comparison, than: Comparison): boolean {
  if (one.method !== than.method) return one.method === "pairs";
  if (one.method === "pairs") return one.errorUs < than.errorUs;
  return one.sure === than.sure ? one.packets > than.packets : one.sure > than.sure;
}

/** How far the second place's clock is ahead; null where both show no packet. */
function compare(
  first: ReadonlyMap<number, Head>,
  second: ReadonlyMap<number, Head>,
  isInOrder: boolean,
): Comparison | null {
  const pairs = collect(first, second, isInOrder);
  let [packets, sure] = [0, 0];
  let best: { aheadUs: number; errorUs: number } | null = null;
  let oneWay: Differences | null = null;
  for (const pair of pairs.values()) {
    const [forth, back] = [pair[FORTH], pair[BACK]];
    packets += (forth?.packets ?? 0) + (back?.packets ?? 0);
    sure += (forth?.sure ?? 0) + (back?.sure ?? 0);
    if (forth === null || back === null) {
      const only = (forth ?? back)!;
      if (oneWay === null || only.packets > oneWay.packets) oneWay = only;
      continue;
    }
    const [late, early] = forth.least > back.most ? [forth, back] : [back, forth];
    const [upper, lower] = [late.least, early.most];
    const errorUs = Math.abs(upper - lower) / 2;
    if (errorUs > CLOCK_ERROR_US && (forth.sure === 0) !== (back.sure === 0)) {
      // One side has only packets that are alike, and not all of them: the other one is what is known.
      if (oneWay === null || oneWay.sure === 0) oneWay = forth.sure > 0 ? forth : back;
      continue;
    }
    if (best === null || errorUs < best.errorUs) best = { aheadUs: (upper + lower) / 2, errorUs };
  }
  if (best !== null) return { ...best, method: "pairs", packets, sure, limit: null };
  if (oneWay === null) return null;
  const isThere = oneWay.votes >= 0;
  const delayUs = isThere ? oneWay.least : oneWay.most;
  const isGross = isThere ? delayUs < 0 : delayUs > 0;
  return {
    aheadUs: isGross || Math.abs(delayUs) > LONGEST_DELAY_US ? delayUs : 0,
    method: "one-way",
    packets,
    sure,
    errorUs: LONGEST_DELAY_US,
    limit: { aheadUs: delayUs, isMost: isThere },
  };
}

function collect(
  first: ReadonlyMap<number, Head>,
  second: ReadonlyMap<number, Head>,
  isInOrder: boolean,
): Map<number, Pair> {
  const pairs = new Map<number, Pair>();
  for (const [key, head] of first) {
    const later = second.get(key);
    if (later === undefined) continue;
    let pair = pairs.get(head.pair);
    if (pair === undefined) pairs.set(head.pair, (pair = [null, null]));
    const into = (pair[head.isForth ? FORTH : BACK] ??= nothing());
    const difference = later.timeUs - head.timeUs;
    into.packets++;
    const isSure = head.times === later.times;
    if (isSure && into.sure++ === 0) into.least = into.most = difference;
    // What shows at one place more often, as a piece here and sent again there, may be another packet.
    if (isSure || into.sure === 0) {
      into.least = Math.min(into.least, difference);
      into.most = Math.max(into.most, difference);
    }
    const byTtl = head.ttl - later.ttl;
    into.votes += byTtl === 0 ? (head.isRequest === isInOrder ? 1 : -1) : Math.sign(byTtl) * 4;
  }
  return pairs;
}

function nothing(): Differences {
  return { least: Infinity, most: -Infinity, packets: 0, sure: 0, votes: 0 };
}

/** The captures of a run wait for each other: their beginnings are close together, whatever the clocks say. */
function estimateByStarts(captures: readonly HopCapture[], node: string, first: string): ClockEstimate {
  const startOf = (name: string): number =>
    Math.min(...captures.map((one) => (one.node === name ? (one.listeningUs ?? Infinity) : Infinity)));
  const apart = startOf(node) - startOf(first);
  const isGross = Number.isFinite(apart) && Math.abs(apart) > LONGEST_START_US;
  return {
    node,
    aheadUs: isGross ? apart : 0,
    method: isGross ? "starts" : "none",
    packets: 0,
    errorUs: Infinity,
  };
}
