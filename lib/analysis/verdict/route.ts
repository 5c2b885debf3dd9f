import { join } from "node:path";
import type { CaptureRecord, EvidenceHop, FlowEvidence } from "../../model/evidence.js";
import { asHopbookError } from "../../errors.js";
import type { HopCapture } from "../correlate/source.js";
import { isThroughLink } from "../evidence/inside.js";
import { openCapture } from "../../packets/open.js";
import { coveredUntilUs } from "./coverage.js";

/** A flow's hops and the captures that were made there. */
export interface Route {
  /** Hops of the request's way, then those that only replies come through. */
  readonly hops: readonly EvidenceHop[];
  /** The readable captures, and for each the hop it was made at. */
  readonly captures: readonly HopCapture[];
  readonly hopOfCapture: readonly EvidenceHop[];
  readonly recordOfCapture: readonly (CaptureRecord | null)[];
  /** The direction's hops from its sender on, and the captures among them. */
  readonly requestHops: readonly EvidenceHop[];
  readonly replyHops: readonly EvidenceHop[];
  readonly requestOrder: readonly number[];
  readonly replyOrder: readonly number[];
  /** Hops without a readable capture, and why. */
  readonly blind: readonly { readonly hop: EvidenceHop; readonly reason: string }[];
}

/** Where a run's captures are, and what is known of them. */
export interface RouteInput {
  readonly flow: FlowEvidence;
  readonly records: readonly CaptureRecord[];
  /** The run folder; a capture's path is relative to it. */
  readonly dir: string;
  /** Know tunnels by their usual ports rather than by the hop's own description. */
  readonly guessTunnels?: boolean;
}

/** Finds each hop's capture. A capture that cannot be opened makes its hop blind; it does not throw. */
export function buildRoute(input: RouteInput): Route {
  const { flow } = input;
  const requestHops = flow.hops;
  const replyHops = flow.replyHops ?? [...flow.hops].reverse();
  const hops = [...requestHops];
  for (const hop of replyHops) if (hops.every(({ id }) => id !== hop.id)) hops.push(hop);
  const captures: HopCapture[] = [];
  const hopOfCapture: EvidenceHop[] = [];
  const recordOfCapture: (CaptureRecord | null)[] = [];
  const blind: { hop: EvidenceHop; reason: string }[] = [];
  for (const hop of hops) {
    const record = input.records.find(({ hopId }) => hopId === hop.id) ?? null;
    const reason = findBlindness(input, hop, record);
    if (reason !== null) {
      blind.push({ hop, reason });
      continue;
    }
    captures.push(describeCapture(input, hop, record));
    hopOfCapture.push(hop);
    recordOfCapture.push(record);
  }
  const orderOf = (way: readonly EvidenceHop[]): number[] =>
    way.map(({ id }) => hopOfCapture.findIndex((hop) => hop.id === id)).filter((index) => index >= 0);
  return {
    hops,
    captures,
    hopOfCapture,
    recordOfCapture,
    requestHops,
    replyHops,
    requestOrder: orderOf(requestHops),
    replyOrder: orderOf(replyHops),
    blind,
  };
}

function describeCapture(input: RouteInput, hop: EvidenceHop, record: CaptureRecord | null): HopCapture {
  const toUs = (seconds: number | null | undefined): number | null =>
    seconds == null ? null : seconds * 1_000_000;
  const path = join(input.dir, hop.pcap);
  return {
    node: hop.node,
    pcap: hop.pcap,
    path,
    encapsulation: input.guessTunnels === true ? null : hop.encapsulation,
    listeningUs: toUs(record?.listeningAtSec),
    stoppedUs: coveredUntilUs(record, path),
  };
}

function findBlindness(input: RouteInput, hop: EvidenceHop, record: CaptureRecord | null): string | null {
  if (record !== null && record.pcap === null)
    return record.endedEarly ?? "nothing could be pulled from the node";
  if (input.guessTunnels !== true && isThroughLink(input.dir, hop.pcap))
    return `Cannot read capture ${hop.pcap}: current value is a path through a symbolic link`;
  try {
    openCapture(join(input.dir, hop.pcap), hop.pcap).close();
    return null;
  } catch (error) {
    return asHopbookError(error).message;
  }
}
