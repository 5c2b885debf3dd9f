import type { PacketDirection } from "./reader.js";
import type { Resolution } from "./pcapng-time.js";
import { resolutionOf } from "./pcapng-time.js";

/** What an Interface Description Block says of a device (draft-ietf-opsawg-pcapng, section 4.2). */
export interface PcapngInterface {
  /** Of its block in the file, in bytes. */
  readonly offset: number;
  readonly linktype: number;
  /** 0: no limit. */
  readonly snaplenBytes: number;
  readonly name: string | null;
  readonly resolution: Resolution;
  /** Seconds to add to its times. */
  readonly offsetSeconds: number;
}

const OPTION = { end: 0, name: 2, resolution: 9, offset: 14 } as const;
const LONGEST_NAME_BYTES = 256;
/** epb_flags, of a packet: its lowest two bits. */
const FLAGS = 2;
const [INBOUND, OUTBOUND] = [1, 2];

/**
 * Reads the body of an Interface Description Block: link type 2, reserved 2, snaplen 4, options. An option that
 * claims more than there is ends them.
 */
export function readInterface(
  body: DataView,
  { littleEndian, offset }: { readonly littleEndian: boolean; readonly offset: number },
): PcapngInterface {
  let name: string | null = null;
  let resolution = resolutionOf(6);
  let offsetSeconds = 0;
  for (let at = 8; at + 4 <= body.byteLength;) {
    const code = body.getUint16(at, littleEndian);
    const length = body.getUint16(at + 2, littleEndian);
    const value = at + 4;
    if (code === OPTION.end || value + length > body.byteLength) break;
    if (code === OPTION.name) {
      const bytes = new Uint8Array(
        body.buffer,
        body.byteOffset + value,
        Math.min(length, LONGEST_NAME_BYTES),
      );
      name = new TextDecoder().decode(bytes).replace(/\0.*$/s, "");
    }
    if (code === OPTION.resolution && length >= 1) resolution = resolutionOf(body.getUint8(value));
    if (code === OPTION.offset && length >= 8) offsetSeconds = Number(body.getBigInt64(value, littleEndian));
    at = value + Math.ceil(length / 4) * 4;
  }
  return {
    offset,
    linktype: body.getUint16(0, littleEndian),
    snaplenBytes: body.getUint32(4, littleEndian),
    name: name === "" ? null : name,
    resolution,
    offsetSeconds,
  };
}

/** Which way a packet went, by the options of its block between two offsets; null where they do not say. */
export function readDirection(
  view: DataView,
  options: { readonly at: number; readonly end: number; readonly littleEndian: boolean },
): PacketDirection | null {
  const { end, littleEndian } = options;
  for (let at = options.at; at + 4 <= end;) {
    const code = view.getUint16(at, littleEndian);
    const length = view.getUint16(at + 2, littleEndian);
    if (code === OPTION.end || at + 4 + length > end) return null;
    if (code === FLAGS && length >= 4) {
      const bits = view.getUint32(at + 4, littleEndian) & 3;
      return bits === INBOUND ? "in" : bits === OUTBOUND ? "out" : null;
    }
    at += 4 + Math.ceil(length / 4) * 4;
  }
  return null;
}
