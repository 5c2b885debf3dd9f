import { join } from "node:path";
import type { CaptureRecord, EvidenceHop, FlowEvidence } from "../../model/evidence.js";
import { asHopbookError } from "../../errors.js";
import type { HopCapture } from "../follow/source.js";
import { isThroughLink } from "../evidence/inside.js";
import { openCapture } from "../../packets/open.js";
import { coveredUntilUs } from "./coverage.js";

/** A capture that can be read, and where it was made. */
export interface Place {
  readonly capture: HopCapture;
  readonly record: CaptureRecord | null;
}

/** A flow's hops and the places that were captured there. */
export interface Route {
  /** Hops of the request's way, then those that only replies come through. */
  readonly hops: readonly EvidenceHop[];
  /** All places of the analysis; those that are no hop of this flow have none in `hopAt`. */
  readonly places: readonly Place[];
  readonly hopAt: ReadonlyMap<number, EvidenceHop>;
  /** The direction's hops from its sender on, and the places among them. */
  readonly requestHops: readonly EvidenceHop[];
  readonly replyHops: readonly EvidenceHop[];
  readonly requestOrder: readonly number[];
  readonly replyOrder: readonly number[];
  /** Places that packets of a direction may pass by unseen. */
  readonly passedBy: Readonly<Record<"request" | "reply", ReadonlySet<number>>>;
  /** Hops without a readable capture, and why. */
  readonly blind: readonly { readonly hop: EvidenceHop; readonly reason: string }[];
}

/** Where captures are, and what is known of them. */
interface PlacesInput {
  readonly flows: readonly FlowEvidence[];
  readonly records: readonly CaptureRecord[];
  /** The run folder; a capture's path is relative to it. */
  readonly dir: string;
  /** Bare files: tunnels are known by their usual ports, and paths are not held to a folder. */
  readonly isBare?: boolean;
  /** Tunnels are known by their usual ports, as in bare files. */
  readonly areTunnelsUnknown?: boolean;
  /** Hops that are one of several devices in a file, by their ids. */
  readonly devices?: ReadonlyMap<string, number>;
}

/** The readable captures of several flows, each once, and what stands in the way of the others. */
export class Places {
  readonly list: Place[] = [];
  private readonly indexes = new Map<string, number | string>();

  constructor(private readonly input: PlacesInput) {}

  /** Finds each hop's capture. One that cannot be opened makes its hop blind; it does not throw. */
  route(flow: FlowEvidence): Route {
    const requestHops = flow.hops;
    const replyHops = flow.replyHops ?? [...flow.hops].reverse();
    const hops = [...requestHops];
    for (const hop of replyHops) if (hops.every(({ id }) => id !== hop.id)) hops.push(hop);
    const hopAt = new Map<number, EvidenceHop>();
    const blind: { hop: EvidenceHop; reason: string }[] = [];
    for (const hop of hops) {
      const found = this.find(hop);
      if (typeof found === "number") hopAt.set(found, hop);
      else blind.push({ hop, reason: found });
    }
    const places = [...hopAt];
    const orderOf = (way: readonly EvidenceHop[]): number[] =>
      way.flatMap(({ id }) => places.flatMap(([place, hop]) => (hop.id === id ? [place] : [])));
    return {
      hops,
      places: this.list,
      hopAt,
      requestHops,
      replyHops,
      requestOrder: orderOf(requestHops),
      replyOrder: orderOf(replyHops),
      passedBy: { request: passedBy(hopAt, "request"), reply: passedBy(hopAt, "reply") },
      blind,
    };
  }

  /** The index of a hop's place, or why it has none. */
  private find(hop: EvidenceHop): number | string {
    const key = this.input.devices?.has(hop.id) === true ? hop.id : hop.pcap;
    const known = this.indexes.get(key);
    if (known !== undefined) return known;
    const record =
      this.input.records.find(({ hopId, pcap }) => hopId === hop.id || pcap === hop.pcap) ?? null;
    const found = this.blindness(hop, record) ?? this.add(hop, record);
    this.indexes.set(key, found);
    return found;
  }

  private add(hop: EvidenceHop, record: CaptureRecord | null): number {
    const toUs = (seconds: number | null | undefined): number | null =>
      seconds == null ? null : seconds * 1_000_000;
    const { dir, isBare = false, areTunnelsUnknown = isBare, devices } = this.input;
    const device = devices?.get(hop.id);
    const path = join(dir, hop.pcap);
    const capture: HopCapture = {
      node: hop.node,
      pcap: hop.pcap,
      path,
      ...(device === undefined ? {} : { device }),
      encapsulation: areTunnelsUnknown ? null : hop.encapsulation,
      listeningUs: toUs(record?.listeningAtSec),
      stoppedUs: coveredUntilUs(record, path),
    };
    return this.list.push({ capture, record }) - 1;
  }

  private blindness(hop: EvidenceHop, record: CaptureRecord | null): string | null {
    const { dir, isBare = false } = this.input;
    if (record !== null && record.pcap === null)
      return record.endedEarly ?? "nothing could be pulled from the node";
    if (!isBare && isThroughLink(dir, hop.pcap))
      return `Cannot read capture ${hop.pcap}: its path leads through a symbolic link`;
    try {
      openCapture(join(dir, hop.pcap), hop.pcap).close();
      return null;
    } catch (error) {
      return asHopbookError(error).message;
    }
  }
}

function passedBy(
  hopAt: ReadonlyMap<number, EvidenceHop>,
  direction: "request" | "reply",
): ReadonlySet<number> {
  return new Set([...hopAt].flatMap(([place, hop]) => (hop.passedBy?.includes(direction) ? [place] : [])));
}

/** The hop of a place that is on the flow's way. */
export function hopOf({ hopAt }: Route, place: number): EvidenceHop {
  const hop = hopAt.get(place);
  if (hop === undefined) throw new Error(`Place ${place} is no hop of this flow: this is a defect`);
  return hop;
}
