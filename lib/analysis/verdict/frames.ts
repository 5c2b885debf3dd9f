import type { PacketRef } from "../../model/findings.js";
import type { LostPacket } from "../../model/cause.js";
import { openersOf } from "../../wire/open.js";
import type { Sighting } from "../follow/sightings.js";
import { openPlace, type HopCapture } from "../follow/source.js";
import { dissectFrame } from "../dissect/dissect.js";
import { Packet } from "../dissect/packet.js";
import { summarise } from "../dissect/summarise.js";
import type { CaptureReader } from "../../packets/reader.js";

/** A packet that was read again for people. */
interface FrameView {
  readonly ref: PacketRef;
  readonly seenAtSec: number;
  readonly frameBytes: number;
  readonly ipBytes: number;
}

/** Reads single packets of the captures again by their place: the few that a verdict shows. */
export class FrameReader {
  private readonly readers = new Map<number, CaptureReader>();
  private readonly packet = new Packet();

  constructor(private readonly captures: readonly HopCapture[]) {}

  read({ source, frame, recordOffset }: Sighting): FrameView {
    const capture = this.captures[source]!;
    const reader = this.open(source, capture);
    reader.seek(recordOffset);
    const kind = { tunnels: openersOf(capture.encapsulation) };
    dissectFrame(reader.bytes, reader, kind, this.packet);
    return {
      ref: { pcap: capture.pcap, frame, summary: summarise(this.packet, reader.bytes) },
      seenAtSec: reader.timeUs / 1_000_000,
      frameBytes: reader.wireBytes,
      ipBytes: this.packet.ipBytes,
    };
  }

  readLost(sighting: Sighting): LostPacket {
    return this.read(sighting);
  }

  /** Whatever is read meanwhile, the captures are closed behind it. */
  use<T>(work: () => T): T {
    try {
      return work();
    } finally {
      for (const reader of this.readers.values()) reader.close();
      this.readers.clear();
    }
  }

  private open(source: number, capture: HopCapture): CaptureReader {
    const known = this.readers.get(source);
    if (known !== undefined) return known;
    const reader = openPlace(capture);
    this.readers.set(source, reader);
    return reader;
  }
}
