import type { LiveCounts, LiveMark, LivePoint } from "../model/live/view.js";
import type { PcapHeader } from "../packets/pcap-header.js";
import type { MergedPacket } from "./merger.js";
import { interfaceBlock, packetBlock, sectionBlock, statisticsBlock } from "./pcapng-blocks.js";

/** What a live stream is made of, in the order in which it is written. `index` counts the points from 0 as they are opened. */
export interface LiveWriter {
  begin(): Uint8Array;
  open(index: number, about: OpenedPoint): Uint8Array;
  /** `marks`: what happened before it, and after those that are written. */
  packet(index: number, packet: MergedPacket, marks: readonly LiveMark[]): Uint8Array;
  /** Of a point by now, or at its end. */
  counts(index: number, about: CountedPoint): Uint8Array;
}

export interface OpenedPoint {
  readonly point: LivePoint;
  readonly header: Pick<PcapHeader, "linktype" | "snaplenBytes">;
  /** What is to be known of its times. */
  readonly clock: string;
}

interface CountedPoint {
  readonly counts: LiveCounts;
  readonly delivered: number;
  readonly leftOut: number;
  readonly startUs: number;
  readonly nowUs: number;
  /** What happened after the last packet; given once. */
  readonly marks: readonly LiveMark[];
}

export function makePcapngWriter(application: string, comment: string): LiveWriter {
  return {
    begin: () => sectionBlock(application, comment),
    open: (_index, { point, header, clock }) =>
      interfaceBlock({
        ...{ linktype: header.linktype, snaplenBytes: header.snaplenBytes },
        ...{ name: point.name, description: point.description, filter: point.filter },
        comment: `captured on ${point.node}; ${clock}`,
      }),
    packet: (index, { timeUs, wireBytes, bytes }, marks) =>
      packetBlock({
        ...{ interfaceIndex: index, timeUs: Math.max(0, timeUs), wireBytes, bytes },
        comments: marks.map(sayMark),
      }),
    counts: (index, { counts, delivered, leftOut, startUs, nowUs, marks }) =>
      statisticsBlock(index, nowUs, {
        ...{ startUs, endUs: nowUs, delivered, received: counts.received },
        ...{ droppedByKernel: counts.droppedByKernel, droppedByInterface: counts.droppedByInterface },
        comment: [
          ...(leftOut === 0
            ? []
            : [`${leftOut} packets were left out of this stream; the run's files have them`]),
          ...marks.map(sayMark),
        ].join("; "),
      }),
  };
}

function sayMark({ timeMs, text }: LiveMark): string {
  return `${new Date(timeMs).toISOString()} ${text}`;
}
