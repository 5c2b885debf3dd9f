import { mergeFrames, payloadBytesOf, splitFrame, type Frame } from "./frame.js";
import { fragmentFrame } from "./fragments.js";
import { Losses } from "./losses.js";
import { Random } from "./random.js";
import type { FlowPlan, Scenario, Way } from "./scenario.js";
import { Tally } from "./truth.js";

const NEAR_US = 20;
const WIRE_US = 150;
const REORDERED_US = 3000;
/** So long after a capture's begin and before its end what it does not hold may have passed. */
const [HEAD_US, TAIL_US] = [120_000, 1_400_000];

/** A frame as one hop shows it. */
export interface Sighting {
  readonly hop: number;
  readonly atUs: number;
  readonly frame: Frame;
  /** Behind the flow's NAT, as requests go: of the server's name, and of the client's. */
  readonly isTranslated: boolean;
  readonly isMasked: boolean;
}

/** "between": the server's name is another one already, the client's not yet. */
type Side = "before" | "between" | "behind" | "both";

interface Item {
  readonly frame: Frame;
  readonly atUs: number;
  readonly isCopy: boolean;
  /** Those of the last showing hop's items that it is made of. */
  readonly origins: readonly number[];
  /** It was too big, and its sender was told. */
  readonly isTold?: boolean;
}

/** What a hop showed, and the legs that led to it, the nearest last. */
interface Shown {
  readonly hop: number;
  readonly items: readonly Item[];
  readonly legs: readonly { readonly from: number; readonly to: number }[];
}

/** Hops in the order in which a flow's requests pass them. */
export function pathOf({ span: [first, last], reversed }: FlowPlan): readonly number[] {
  const path = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  return reversed ? path.reverse() : path;
}

const L4_BYTES = { tcp: 32, fragment: 0, udp: 8, echo: 8, refusal: 8, "too big": 8 } as const;
const headerBytes = ({ body }: Frame, v6: boolean): number => (v6 ? 40 : 20) + L4_BYTES[body.kind];

/** Takes frames along the hops, loses what is to be lost, and writes down who saw what. */
export class Network {
  readonly #scenario: Scenario;
  readonly #random: Random;
  readonly #losses: Losses;
  readonly #pieces = new WeakMap<Frame, { readonly bytes: number; readonly frames: readonly Frame[] }>();
  readonly tally = new Tally();
  readonly sightings: Sighting[] = [];
  /** What routers said since somebody asked. */
  readonly tooBig: { readonly frame: Frame; readonly atUs: number }[] = [];

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.#random = new Random(scenario.seed ^ 0x5eed);
    this.#losses = new Losses(scenario, this.#random);
  }

  /** Frames that leave together; gives those that come to the other end, as they come there. */
  carry(frames: readonly Frame[], atUs: number): readonly { readonly frame: Frame; readonly atUs: number }[] {
    const [first] = frames;
    if (first === undefined) return [];
    const plan = this.#scenario.flows[first.flow]!;
    const requestPath = pathOf(plan);
    const path = first.isRequest ? requestPath : requestPath.toReversed();
    const way: Way = plan.reversed === first.isRequest ? "back" : "forth";
    let items: Item[] = frames.map((frame, index) => ({
      frame,
      atUs: atUs + index,
      isCopy: false,
      origins: [],
    }));
    let shown: Shown | null = null;
    let gone: Item[] = [];
    for (const [position, hop] of path.entries()) {
      if (position === this.#scenario.odd?.fragments?.from) items = this.#fragment(items);
      if (position > 0) {
        const passed = this.#pass(items, { from: path[position - 1]!, to: hop, way });
        gone = [...gone, ...passed.gone];
        items = this.#reshape(passed.items, hop);
      }
      if (this.#scenario.hops[hop]!.silent === way) continue;
      this.#count(first, { shown, hop, gone });
      items = items.map((item, index) => ({ ...item, origins: [index] }));
      gone = [];
      shown = { hop, items, legs: shown === null ? [] : [...shown.legs, { from: shown.hop, to: hop }] };
      const isBehind = this.#isBehind(plan, { position, path, isRequest: first.isRequest });
      for (const item of items) this.#show(item, { hop, isBehind, isRequest: first.isRequest });
      if (items.length === 0) break;
    }
    return items;
  }

  /** How a hop shows a flow: behind its NAT, before it, or both. */
  #isBehind(
    { nat }: FlowPlan,
    at: { readonly position: number; readonly path: readonly number[]; readonly isRequest: boolean },
  ): Side {
    if (nat === null) return "before";
    const position = at.isRequest ? at.position : at.path.length - 1 - at.position;
    if (nat.both && position === nat.after) return "both";
    if (position <= nat.after) return "before";
    return position > (nat.sourceAfter ?? nat.after) ? "behind" : "between";
  }

  #show(
    { frame, atUs }: Item,
    at: {
      readonly hop: number;
      readonly isBehind: Side;
      readonly isRequest: boolean;
    },
  ): void {
    const { hop, isBehind, isRequest } = at;
    if (isBehind !== "both") {
      const isTranslated = isBehind !== "before";
      this.sightings.push({ hop, atUs, frame, isTranslated, isMasked: isBehind === "behind" });
      return;
    }
    this.sightings.push({ hop, atUs, frame, isTranslated: !isRequest, isMasked: !isRequest });
    this.sightings.push({ hop, atUs: atUs + 6, frame, isTranslated: isRequest, isMasked: isRequest });
  }

  #fragment(items: readonly Item[]): Item[] {
    const { bytes } = this.#scenario.odd!.fragments!;
    return items.flatMap((item) =>
      fragmentFrame(item.frame, bytes).map((frame, index) => ({ ...item, frame, atUs: item.atUs + index })),
    );
  }

  /** A router in front of a leg tells the sender of a frame what fits; who is captured on its way back shows that. */
  #refuseTooBig({ frame, atUs }: Item, at: { readonly from: number; readonly way: Way }): void {
    const { odd, hops } = this.#scenario;
    const plan = this.#scenario.flows[frame.flow]!;
    const { bytes, tells } = odd!.pathMtu!;
    if (!tells) return;
    const path = frame.isRequest ? pathOf(plan) : pathOf(plan).toReversed();
    const body = { kind: "too big", about: frame, bytes } as const;
    const error: Frame = { ...frame, isRequest: !frame.isRequest, ipId: 0, body };
    const back = path.slice(0, path.indexOf(at.from) + 1).toReversed();
    const other: Way = at.way === "forth" ? "back" : "forth";
    for (const [steps, hop] of back.entries()) {
      if (hops[hop]!.silent === other) continue;
      const position = path.indexOf(hop);
      const isBehind = this.#isBehind(plan, { position, path, isRequest: frame.isRequest });
      this.#show(
        { frame: error, atUs: atUs + 30 + steps * NEAR_US, isCopy: false, origins: [] },
        { hop, isBehind, isRequest: !frame.isRequest },
      );
    }
    this.tooBig.push({ frame: error, atUs: atUs + 30 + back.length * NEAR_US });
  }

  #pass(
    items: readonly Item[],
    { from, to, way }: { readonly from: number; readonly to: number; readonly way: Way },
  ): { readonly items: Item[]; readonly gone: Item[] } {
    const { hops, disorders, v6, odd } = this.#scenario;
    const leg = Math.min(from, to);
    const delayUs = hops[from]!.node === hops[to]!.node ? NEAR_US : WIRE_US;
    const here = disorders.filter((disorder) => disorder.leg === leg && disorder.way === way);
    const passed: Item[] = [];
    const gone: Item[] = [];
    const mtu = odd?.pathMtu?.leg === leg && odd.pathMtu.way === way ? odd.pathMtu.bytes : Infinity;
    for (const item of items) {
      const bytes = payloadBytesOf(item.frame) + headerBytes(item.frame, v6);
      if (bytes > mtu) {
        this.#refuseTooBig(item, { from, way });
        gone.push({ ...item, isTold: odd!.pathMtu!.tells });
        continue;
      }
      if (this.#losses.drops(item.frame, { leg, way, bytes })) {
        gone.push(item);
        continue;
      }
      let atUs = item.atUs + delayUs;
      for (const { kind, share } of here) {
        if (!this.#random.chance(share)) continue;
        if (kind === "duplicate") {
          passed.push({ ...item, atUs: atUs + 40, isCopy: true });
          if (isNameless(item.frame, v6)) this.tally.blur(item.frame);
        } else atUs += this.#random.integer(1, REORDERED_US);
      }
      passed.push({ ...item, atUs });
    }
    return { items: passed.sort((a, b) => a.atUs - b.atUs), gone };
  }

  #reshape(items: readonly Item[], hop: number): Item[] {
    const { splitBytes, merges } = this.#scenario.hops[hop]!;
    const pieces = items.flatMap((item) =>
      this.#split(item.frame, splitBytes).map((frame, index) => ({
        ...item,
        frame,
        atUs: item.atUs + index,
      })),
    );
    if (!merges) return pieces;
    const merged: Item[] = [];
    for (const item of pieces) {
      const before = merged.at(-1);
      const both =
        before === undefined || before.isCopy || item.isCopy || item.atUs - before.atUs > 100
          ? null
          : mergeFrames(before.frame, item.frame, this.#scenario.mssBytes);
      if (before === undefined || both === null) merged.push(item);
      else
        merged[merged.length - 1] = {
          ...before,
          frame: both,
          origins: [...before.origins, ...item.origins],
        };
    }
    return merged;
  }

  /** A copy is cut into the same pieces as what it is a copy of. */
  #split(frame: Frame, bytes: number): readonly Frame[] {
    const known = this.#pieces.get(frame);
    if (known?.bytes === bytes) return known.frames;
    const frames = splitFrame(frame, bytes);
    this.#pieces.set(frame, { bytes, frames });
    return frames;
  }

  #count(
    first: Frame,
    at: {
      readonly shown: Shown | null;
      readonly hop: number;
      readonly gone: readonly Item[];
    },
  ): void {
    const { shown, hop, gone } = at;
    if (shown === null) return;
    const lost = new Set(gone.flatMap(({ origins, isTold }) => (isTold === true ? [] : origins)));
    const told = new Set(gone.flatMap(({ origins, isTold }) => (isTold === true ? origins : [])));
    const frames = new Map<Frame, { copies: number; lost: number }>();
    const most = { sent: 0, missing: 0 };
    for (const [index, { frame, atUs }] of shown.items.entries()) {
      const isLost = lost.has(index);
      // What a place did not capture may be known by those behind it.
      most.sent += 1;
      if (isLost && isCaptured(this.#scenario, shown.hop, atUs)) most.missing += 1;
      else if (isLost) this.#countBefore(first, shown.legs, atUs);
      // Where others are lost for good, nobody knows that smaller ones came through.
      if (told.has(index) && this.#scenario.losses.length > 0) most.missing += 1;
      if (told.has(index) || !this.#isSure(atUs)) continue;
      const one = frames.get(frame) ?? { copies: 0, lost: 0 };
      frames.set(frame, one);
      one.copies += 1;
      if (isLost) one.lost += 1;
    }
    const isOptional = first.body.kind === "refusal";
    const whole = [...frames.values()].filter((one) => one.lost === one.copies).length;
    this.tally.count(
      { flow: first.flow, isRequest: first.isRequest, from: shown.hop, to: hop },
      {
        sent: { least: isOptional ? 0 : frames.size, most: most.sent },
        missing: { least: isOptional ? 0 : whole, most: most.missing },
      },
    );
  }

  /** What is lost behind a place that was not captured then is missing behind the last one that was. */
  #countBefore({ flow, isRequest }: Frame, legs: Shown["legs"], atUs: number): void {
    for (const leg of legs.toReversed()) {
      const none = { least: 0, most: 0 };
      this.tally.count({ flow, isRequest, ...leg }, { sent: none, missing: { least: 0, most: 1 } });
      if (isCaptured(this.#scenario, leg.from, atUs)) return;
    }
  }

  /** Whether all captures surely hold what passed around that time. */
  #isSure(atUs: number): boolean {
    const { windows } = this.#scenario;
    if (windows === null) return true;
    return windows.every(({ fromUs, untilUs }) => atUs > fromUs + HEAD_US && atUs < untilUs - TAIL_US);
  }
}

/** Whether a hop's capture was going on. */
export function isCaptured({ windows }: Scenario, hop: number, atUs: number): boolean {
  const window = windows?.[hop];
  return window === undefined || (atUs >= window.fromUs && atUs <= window.untilUs);
}

/** A retransmission or a second ACK of the same millisecond is the same frame. */
const isNameless = ({ body, ipId }: Frame, v6: boolean): boolean => body.kind === "tcp" && (v6 || ipId === 0);
