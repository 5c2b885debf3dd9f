import type { FlowAddress } from "../../model/evidence.js";
import type { Protocol } from "../../model/traffic.js";
import type { Packet } from "../dissect/packet.js";
import { FlowEnds, NEITHER, REPLY, REQUEST } from "./ends.js";
import { isOurs, OWN, type Identity } from "./identity.js";
import type { PlaceSets } from "./sets.js";

/** A flow that the analysis was asked about: its ends, its own packets, and the places on its way. */
export interface TargetInput {
  readonly from: readonly FlowAddress[];
  readonly to: readonly FlowAddress[];
  readonly protocol: Protocol;
  readonly identity: Identity;
  /** Indexes of places, in the order of the direction. */
  readonly requestOrder: readonly number[];
  readonly replyOrder: readonly number[];
  /** A packet so close to the end of the next place's capture may have missed it. */
  readonly tailUs: number;
}

export class Target {
  readonly ends: FlowEnds;
  /** By direction: the set of all places on its way. */
  readonly complete: readonly [number, number];
  readonly tailUs: number;
  private readonly identity: Identity;

  /** By direction and place: 1 where it is on the way. */
  private readonly way: readonly [Uint8Array, Uint8Array];

  constructor(
    { from, to, protocol, identity, requestOrder, replyOrder, tailUs }: TargetInput,
    sets: PlaceSets,
  ) {
    this.ends = new FlowEnds(from, to, protocol);
    this.identity = identity;
    this.complete = [sets.of(requestOrder), sets.of(replyOrder)];
    this.tailUs = tailUs;
    this.way = [flags(requestOrder, sets.places), flags(replyOrder, sets.places)];
  }

  /** It knows which packets between its ends are its own. */
  get isSure(): boolean {
    return this.identity.known;
  }

  isOnWay(direction: 0 | 1, place: number): boolean {
    return this.way[direction][place] === 1;
  }

  /** What a packet between the ends says about whose it is. */
  ownership(packet: Packet, bytes: Uint8Array, direction: number): number {
    if (packet.fragmentOffset === 0) return this.identity.ownership(packet, bytes, direction);
    return this.identity.known ? OWN.no : OWN.yes;
  }
}

function flags(places: readonly number[], count: number): Uint8Array {
  const set = new Uint8Array(count);
  for (const place of places) set[place] = 1;
  return set;
}

/** The target that a connection's first packet belongs to. */
export interface Belonging {
  readonly index: number;
  readonly direction: 0 | 1;
  readonly isOwn: boolean;
}

/** Of several between the same ends the one whose own packet it is; null where it goes between no target's ends. */
export function findTarget(targets: readonly Target[], packet: Packet, bytes: Uint8Array): Belonging | null {
  let found: Belonging | null = null;
  for (const [index, target] of targets.entries()) {
    const direction = target.ends.directionOf(packet);
    if (direction === NEITHER) continue;
    const said = target.ownership(packet, bytes, direction);
    const belonging = {
      index,
      direction: direction === REQUEST ? REQUEST : REPLY,
      isOwn: isOurs(said),
    } as const;
    // One that knows its packets comes before one that takes all: a probe that was not made has none of another's.
    if ((said & OWN.yes) !== 0 && target.isSure) return belonging;
    if (found === null || (!found.isOwn && belonging.isOwn)) found = belonging;
  }
  return found;
}
