import type { Packet } from "../dissect/packet.js";
import type { Tuples } from "./tuples.js";

/** So many datagrams in fragments are remembered. */
const MOST_DATAGRAMS = 8192;

/** To which pair of ends the later fragments of a datagram belong, which carry no ports: as its first one said. */
export class Fragments {
  private readonly rows = new Map<string, { readonly row: number; readonly fromA: boolean }>();

  note(first: Packet, row: number, fromA: boolean): void {
    const key = keyOf(first);
    this.rows.delete(key);
    if (this.rows.size >= MOST_DATAGRAMS) {
      const [oldest] = this.rows.keys();
      this.rows.delete(oldest!);
    }
    this.rows.set(key, { row, fromA });
  }

  /** The row of a later fragment; where its first one was not seen, one of its own. Sets `tuples.fromA`. */
  find(packet: Packet, tuples: Tuples): number {
    const known = this.rows.get(keyOf(packet));
    if (known === undefined) return tuples.locate(packet);
    tuples.fromA = known.fromA;
    return known.row;
  }
}

function keyOf(packet: Packet): string {
  const { source0, source3, destination0, destination3, ipId, protocol } = packet;
  return `${source0} ${source3} ${destination0} ${destination3} ${ipId} ${protocol}`;
}
