import { PROTOCOL } from "../../dissect/packet.js";
import type { Connection } from "../streams/connection.js";
import { NONE } from "../flight.js";
import { MacTexts } from "../tables/mac-texts.js";
import { Numbering } from "../tables/numbering.js";
import { PlaceSigns, type SignsMemory } from "../place-signs.js";
import { RecentPackets } from "../tables/recent.js";
import { SightingPool } from "../sightings.js";
import type { HopSource } from "../source.js";
import { Talk } from "./talk.js";
import { TcpSigns } from "../streams/tcp-signs.js";
import type { Tuples } from "../tables/tuples.js";

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
  private readonly all: Talk[] = [];
  /** Numbers of talks, by target, protocol, client and server. */
  private readonly keys = new Numbering(4, MOST_TALKS);

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
    const { tuples, keys } = this;
    const { key } = keys;
    key.fill(0);
    key[0] = target;
    if (target === NONE || !isOwn) {
      const isA = tuples.clientIsA(row);
      key[1] = tuples.protocol(row);
      key[2] = tuples.endNumber(row, isA, false);
      key[3] = tuples.endNumber(row, !isA, true);
    }
    const number = keys.of();
    if (number === NONE) return null;
    return (this.all[number] ??= new Talk(target !== NONE || number < MOST_WITH_SIGNS));
  }
}
