import type { HopSource } from "./source.js";

/** Sources as one stream of packets in time. */
export class Merge {
  /** When each source's next packet was; Infinity at its end. */
  private readonly nextUs: Float64Array;
  /** By source: the first one of the same file. */
  private readonly files: readonly number[];

  constructor(private readonly sources: readonly HopSource[]) {
    this.files = sources.map(({ reader: { file } }) =>
      sources.findIndex(({ reader }) => reader.file === file),
    );
    this.nextUs = new Float64Array(sources.length);
    for (let place = 0; place < sources.length; place++) this.advance(place);
  }

  /** The place whose next packet is the earliest; -1 at the end of them all. */
  get earliest(): number {
    const { nextUs } = this;
    let found = -1;
    let time = Infinity;
    for (let place = 0; place < nextUs.length; place++) {
      const other = nextUs[place]!;
      if (other < time || (other === time && found >= 0 && this.isBefore(place, found))) {
        time = other;
        found = place;
      }
    }
    return found;
  }

  advance(place: number): void {
    const source = this.sources[place]!;
    source.advance();
    this.nextUs[place] = source.timeUs;
  }

  /** What one file has at the same time stands in it as it came. */
  private isBefore(place: number, other: number): boolean {
    const { files, sources } = this;
    return files[place] === files[other] && sources[place]!.reader.frame < sources[other]!.reader.frame;
  }
}
