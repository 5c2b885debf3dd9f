import { openersOf } from "../../wire/open.js";
import { dissectFrame } from "../dissect/dissect.js";
import { formatIp } from "../dissect/address.js";
import { Packet, STOP } from "../dissect/packet.js";
import { openPlace, type HopCapture } from "../follow/source.js";
import type { BarePacket, SealedMessage } from "./match.js";

/** More of one direction than this are not compared by their sizes. */
export const MOST_PACKETS = 100_000;

/** A packet of a capture with where it stands and whom it is from. */
interface Shown extends BarePacket, SealedMessage {
  readonly frame: number;
  readonly source: string;
  readonly isSealed: boolean;
}

/** The packets of a capture by size, time and sender, the first so many; a damaged file as far as it can be read. */
export function readSizes(capture: HopCapture, aheadUs: number): readonly Shown[] {
  const reader = openPlace(capture);
  const [packet, kind] = [new Packet(), { tunnels: openersOf(capture.encapsulation) }];
  const shown: Shown[] = [];
  try {
    while (shown.length < MOST_PACKETS && reader.next()) {
      dissectFrame(reader.bytes, reader, kind, packet);
      const { version, source0, source1, source2, source3, ipBytes, payloadBytes, stop } = packet;
      const source = formatIp(version, [source0, source1, source2, source3]);
      const timeUs = reader.timeUs - aheadUs;
      shown.push({
        timeUs,
        ipBytes,
        payloadBytes,
        frame: reader.frame,
        source,
        isSealed: stop === STOP.opaque,
      });
    }
  } catch {
    // The verdict says already that the file is damaged.
  } finally {
    reader.close();
  }
  return shown;
}
