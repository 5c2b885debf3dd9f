import { openCapture } from "./open.js";
import { interfaceIndexOf } from "./places.js";
import type { CaptureReader, ExactTime, PacketDirection } from "./reader.js";

/**
 * Opens a capture, of which only what one device showed is told, by its index as listPlaces has it; null: all of it. Throws
 * as openCapture does.
 */
export function openDevice(path: string, label: string, device: number | null): CaptureReader {
  const whole = openCapture(path, label);
  return device === null ? whole : new DeviceReader(whole, device);
}

/** What one device showed. Frames count as the file's do, so that people find them there. */
class DeviceReader implements CaptureReader {
  constructor(
    private readonly whole: CaptureReader,
    private readonly device: number,
  ) {}

  get file(): string {
    return this.whole.file;
  }
  get bytes(): Uint8Array {
    return this.whole.bytes;
  }
  get at(): number {
    return this.whole.at;
  }
  get capturedBytes(): number {
    return this.whole.capturedBytes;
  }
  get wireBytes(): number {
    return this.whole.wireBytes;
  }
  get timeUs(): number {
    return this.whole.timeUs;
  }
  get frame(): number {
    return this.whole.frame;
  }
  get linktype(): number {
    return this.whole.linktype;
  }
  get snaplenBytes(): number {
    return this.whole.snaplenBytes;
  }
  get interface(): string | null {
    return this.whole.interface;
  }
  get interfaceIndex(): number {
    return this.whole.interfaceIndex;
  }
  get recordOffset(): number {
    return this.whole.recordOffset;
  }
  get truncated(): boolean {
    return this.whole.truncated;
  }
  get truncatedBytes(): number {
    return this.whole.truncatedBytes;
  }

  next(): boolean {
    while (this.whole.next()) if (interfaceIndexOf(this.whole) === this.device) return true;
    return false;
  }

  seek(recordOffset: number): boolean {
    return this.whole.seek(recordOffset);
  }

  direction(): PacketDirection | null {
    return this.whole.direction();
  }

  time(): ExactTime {
    return this.whole.time();
  }

  close(): void {
    this.whole.close();
  }
}
