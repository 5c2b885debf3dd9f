import { PcapReader } from "./pcap.js";
import { PcapngReader } from "./pcapng.js";
import type { CaptureReader } from "./reader.js";
import { FileWindow } from "./window.js";

const SECTION_HEADER = [0x0a, 0x0d, 0x0d, 0x0a] as const;

/**
 * Opens a capture file of any kind that is read; `label` is its name in messages. Throws FILE_UNREADABLE, or
 * EVIDENCE_INVALID that says what the file is instead.
 */
export function openCapture(path: string, label = path): CaptureReader {
  const window = new FileWindow(path, label);
  try {
    window.need(SECTION_HEADER.length);
    const isPcapng = SECTION_HEADER.every(
      (byte, index) => window.bytes[index] === byte && index < window.filled,
    );
    return isPcapng ? new PcapngReader(window, label) : new PcapReader(window, label);
  } catch (error) {
    window.close();
    throw error;
  }
}
