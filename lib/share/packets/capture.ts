import { setImmediate } from "node:timers/promises";
import { messageOf } from "../../errors.js";
import { openCapture } from "../../packets/open.js";
import type { CaptureReader } from "../../packets/reader.js";
import { openPcapngWriter, openPcapWriter, type CaptureWriter } from "./capture-writer.js";
import type { PacketRewriter } from "./rewriter.js";

/** So many packets, and others have their turn: a person may want out. */
const PACKETS_AT_ONCE = 20_000;

export interface RewrittenCapture {
  readonly packets: number;
  /** Bytes of what packets carry that were cut off or overwritten. */
  readonly hiddenBytes: number;
  /** Why it ends before its end; null where it is whole. */
  readonly damage: string | null;
}

/** Where a capture is, where it goes, and what it is called in messages. */
interface CaptureJob {
  readonly source: string;
  readonly target: string;
  readonly label: string;
  /** What a device's name becomes. */
  readonly rename: (name: string) => string;
}

/** Writes a capture anew, packet by packet. Throws as openCapture does where it is none; one that is damaged ends there. */
export async function rewriteCapture(job: CaptureJob, rewriter: PacketRewriter): Promise<RewrittenCapture> {
  const reader = openCapture(job.source, job.label);
  let scratch = new Uint8Array(64 * 1024);
  let [packets, hiddenBytes] = [0, -rewriter.overwrittenBytes];
  let damage: string | null;
  let writer: CaptureWriter | null = null;
  try {
    for (;;) {
      const step = moveOn(reader);
      damage = step.damage;
      if (!step.moved) break;
      writer ??= openWriter(reader, job.target);
      const { capturedBytes, linktype, wireBytes, interfaceIndex } = reader;
      if (capturedBytes > scratch.length) scratch = new Uint8Array(capturedBytes * 2);
      scratch.set(reader.bytes.subarray(reader.at, reader.at + capturedBytes));
      const kept = rewriter.rewrite(scratch, {
        length: capturedBytes,
        linktype,
        isWhole: capturedBytes >= wireBytes,
      });
      hiddenBytes += capturedBytes - kept;
      writer.add({
        ...{ bytes: scratch, capturedBytes: kept, wireBytes, linktype, interfaceIndex },
        ...{ time: reader.time(), direction: reader.direction() },
        interface: reader.interface === null ? null : job.rename(reader.interface),
      });
      if (++packets % PACKETS_AT_ONCE === 0) await setImmediate();
    }
    if (reader.truncated)
      damage ??= `it ends within a record, of which ${reader.truncatedBytes} bytes were left`;
    writer ??= openWriter(reader, job.target);
    return { packets, hiddenBytes: hiddenBytes + rewriter.overwrittenBytes, damage };
  } finally {
    writer?.close();
    reader.close();
  }
}

function moveOn(reader: CaptureReader): { readonly moved: boolean; readonly damage: string | null } {
  try {
    return { moved: reader.next(), damage: null };
  } catch (error) {
    return { moved: false, damage: messageOf(error) };
  }
}

function openWriter(
  { linktype, snaplenBytes, interfaceIndex }: CaptureReader,
  target: string,
): CaptureWriter {
  return interfaceIndex >= 0 || linktype < 0
    ? openPcapngWriter(target)
    : openPcapWriter(target, { linktype, snaplenBytes });
}
