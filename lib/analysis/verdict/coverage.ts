import type { CaptureRecord } from "../../model/evidence.js";
import { openCapture } from "../../packets/open.js";
import type { CaptureReading } from "../follow/follow.js";

/** tcpdump gets packets from the kernel in blocks, at the latest after this long. */
const BLOCK_US = 1_250_000;
/** How the agent names the ends that it made itself: tcpdump was asked to stop, and wrote out what it had. */
const ORDERLY = /^(time limit|size limit|free disk floor)/;

/**
 * Until when a capture surely has all that passed, in Unix µs; null where that is not known. One that was stopped
 * in order was left to settle. One that was stopped under traffic lacks what still stood in the kernel's buffer; one
 * that ended with an error (a full disk) also what it had not written yet, so only its last packet is sure. So does one
 * whose tcpdump said no numbers at its end: these have no room on a full disk either.
 */
export function coveredUntilUs(record: CaptureRecord | null, path: string): number | null {
  if (record?.stoppedAtSec == null) return null;
  const stoppedUs = record.stoppedAtSec * 1_000_000;
  if (record.endedEarly === null) return stoppedUs;
  const sureUs = stoppedUs - BLOCK_US;
  if (ORDERLY.test(record.endedEarly) && record.captured !== null) return sureUs;
  return Math.min(sureUs, lastPacketUs(path) ?? (record.listeningAtSec ?? 0) * 1_000_000);
}

/** null where the file has no packet. A damaged tail ends the search, which is the point of it. */
function lastPacketUs(path: string): number | null {
  const reader = openCapture(path);
  let lastUs: number | null = null;
  try {
    while (reader.next()) lastUs = reader.timeUs;
  } finally {
    reader.close();
  }
  return lastUs;
}

/** How many packets tcpdump wrote that its file has no more. What is behind damage is judged by its time, as what a ring overwrote. */
export function countGone({ captured, ring }: CaptureRecord, { records, damage }: CaptureReading): number {
  return captured === null || ring !== undefined || damage !== null ? 0 : Math.max(0, captured - records);
}
