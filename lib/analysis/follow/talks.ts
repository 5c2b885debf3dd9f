import { PROTOCOL } from "../dissect/packet.js";
import type { Connection } from "./connection.js";
import { NONE } from "./flight.js";
import { MacTexts } from "./mac-texts.js";
import { PlaceSigns, type SignsMemory } from "./place-signs.js";
import { RecentPackets } from "./recent.js";
import { SightingPool } from "./sightings.js";
import type { HopSource } from "./source.js";
import { Talk } from "./talk.js";
import { TcpSigns } from "./tcp-signs.js";
import type { Tuples } from "./tuples.js";

/** Of so many pairs of ends it is kept what they say; of others their packets are counted alone. */
const MOST_TALKS = 1 << 14;

/** … and of so many it is looked for signs at every place: a flow that nobody asked about has some kilobytes of them. */
const MOST_WITH_SIGNS = 1 << 10;

/** One sighting of a packet, whose connection is known: filled in place, for there is one for each packet. */
interface Heard {
  direction: 0 | 1;
  place: number;
  row: number;
  /** The place has shown the packet already. */
  isAgain: boolean;
}

export class Talks {
  readonly heard: Heard = { direction: 0, place: 0, row: 0, isAgain: false };
  private readonly memory: SignsMemory = {
    recent: new RecentPackets(),
    macs: new MacTexts(),
    sightings: new SightingPool(),
  };
  private readonly byEnds = new Map<string, Talk>();

  constructor(private readonly tuples: Tuples) {}

  /** Listens at the place that shows a connection first; looks for signs at all of them. Reads `heard`. */
  note(source: HopSource, connection: Connection): void {
    const { direction, place, row, isAgain } = this.heard;
    const { packet, reader, timeUs } = source;
    if (connection.heardAt === NONE) {
      connection.heardAt = place;
      connection.talk = this.talkOf(connection, row);
    }
    const { talk } = connection;
    if (talk === null) return;
    if (talk.hasSigns)
      (talk.signs[place * 2 + direction] ??= new PlaceSigns(this.memory)).note(source, place, row);
    if (place !== connection.heardAt) return;
    if (isAgain) {
      connection.signs?.noteAgain(packet);
      return;
    }
    talk.exchanges.note(packet, reader.bytes, direction, timeUs);
    if (packet.protocol !== PROTOCOL.tcp || packet.fragmentOffset > 0) return;
    connection.signs ??= new TcpSigns();
    connection.signs.note(packet, direction, timeUs);
  }

  private talkOf({ target, isOwn }: Connection, row: number): Talk | null {
    const { tuples } = this;
    const [client, server] = [tuples.client(row), tuples.server(row)];
    const ends = `${tuples.protocol(row)} ${client.ip} ${server.ip} ${server.port ?? ""}`;
    const key = target === NONE ? ends : `${target} ${isOwn ? "" : ends}`;
    let talk = this.byEnds.get(key);
    if (talk === undefined) {
      if (this.byEnds.size >= MOST_TALKS) return null;
      talk = new Talk(target !== NONE || this.byEnds.size < MOST_WITH_SIGNS);
      this.byEnds.set(key, talk);
    }
    return talk;
  }
}
