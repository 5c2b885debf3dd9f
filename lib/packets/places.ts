import { parseLinks } from "../linux/links.js";
import { LINKTYPE } from "./linktype.js";
import { openCapture } from "./open.js";
import type { CaptureReader, PacketDirection } from "./reader.js";

/** A device whose packets a file holds, and how many of them came in and went out; the rest do not say. */
export interface Place {
  /** Of the kernel where the link header has it (LINUX_SLL2), else within the file; -1: the file tells no devices apart. */
  readonly interfaceIndex: number;
  readonly name: string | null;
  readonly packets: number;
  readonly in: number;
  readonly out: number;
}

/** A file with more was made to be large. */
const MOST_PLACES = 65_536;
const [SLL_BYTES, SLL2_BYTES] = [16, 20];
/** PACKET_OUTGOING of linux/if_packet.h. */
const OUTGOING = 4;

/**
 * The places of one capture, as of `tcpdump -i any` or of several devices in a pcapng file, in the order of their first
 * packets. `links` is what `ip -j link` of the capturing machine prints, for the names of LINUX_SLL2's devices. Throws
 * FILE_UNREADABLE, or EVIDENCE_INVALID where the file is no capture, or `links` is something else; one that is damaged ends
 * there.
 */
export function listPlaces(path: string, { links }: { readonly links?: string } = {}): readonly Place[] {
  const names = new Map(links === undefined ? [] : parseLinks(links).map(({ index, name }) => [index, name]));
  const places = new Map<number, { -readonly [Key in keyof Place]: Place[Key] }>();
  const reader = openCapture(path);
  try {
    while (moveOn(reader)) {
      const index = interfaceIndexOf(reader);
      let place = places.get(index);
      if (place === undefined) {
        if (places.size >= MOST_PLACES) continue;
        const name = reader.linktype === LINKTYPE.LINUX_SLL2 ? (names.get(index) ?? null) : reader.interface;
        place = { interfaceIndex: index, name, packets: 0, in: 0, out: 0 };
        places.set(index, place);
      }
      place.packets++;
      const direction = directionOf(reader);
      if (direction !== null) place[direction]++;
    }
  } finally {
    reader.close();
  }
  return [...places.values()];
}

function moveOn(reader: CaptureReader): boolean {
  try {
    return reader.next();
  } catch {
    return false;
  }
}

/** Of the device that a record was captured on; -1 where nothing says it. */
export function interfaceIndexOf(reader: CaptureReader): number {
  const { bytes, at, linktype, capturedBytes } = reader;
  if (linktype !== LINKTYPE.LINUX_SLL2) return reader.interfaceIndex;
  if (capturedBytes < SLL2_BYTES) return -1;
  return (bytes[at + 4]! << 24) | (bytes[at + 5]! << 16) | (bytes[at + 6]! << 8) | bytes[at + 7]!;
}

/** Which way a record went by its device; null where neither its link header nor the file says it. */
function directionOf(reader: CaptureReader): PacketDirection | null {
  const { bytes, at, linktype, capturedBytes } = reader;
  if (linktype === LINKTYPE.LINUX_SLL && capturedBytes >= SLL_BYTES)
    return ((bytes[at]! << 8) | bytes[at + 1]!) === OUTGOING ? "out" : "in";
  if (linktype === LINKTYPE.LINUX_SLL2 && capturedBytes >= SLL2_BYTES)
    return bytes[at + 10] === OUTGOING ? "out" : "in";
  return reader.direction();
}
