import type { CaptureReader } from "../../../packets/reader.js";
import { openersOf } from "../../../wire/open.js";
import { PROTOCOL, type Packet } from "../../dissect/packet.js";
import { ICMP } from "../../dissect/icmp.js";
import { ICMPV6 } from "../../dissect/icmpv6.js";
import { TCP } from "../../dissect/tcp.js";
import { leastKeptBytes } from "../prefix.js";
import { HopSource, MATTER, openPlace, type HopCapture } from "../source.js";

/** So many packets are read at each place for the estimate, and so many records searched. */
const MOST_PACKETS = 1024;
const MOST_RECORDS = 100_000;

/** When a place first showed a packet, and whose it is. */
export interface Head {
  readonly timeUs: number;
  readonly ttl: number;
  /** Number of the two ends, the same for both directions; and whether it goes from the lower one. */
  readonly pair: number;
  readonly isForth: boolean;
  readonly isRequest: boolean;
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** How often it showed in this form: of packets that are alike, nobody knows which came first elsewhere. */
  times: number;
}

/** The packets that a place first showed, by the number of their key. */
interface Heads {
  readonly heads: ReadonlyMap<number, Head>;
  /** It showed one again, with a lower TTL. */
  readonly isTwice: boolean;
}

/** Numbers for names, the same at all places: they are compared with each other again and again. */
class Numbers {
  private readonly known = new Map<string, number>();

  of(name: string): number {
    let number = this.known.get(name);
    if (number === undefined) this.known.set(name, (number = this.known.size));
    return number;
  }
}

/** Reads the first packets of each capture. Throws what opening a capture throws. */
export function readHeads(captures: readonly HopCapture[]): readonly Heads[] {
  const readers: CaptureReader[] = [];
  try {
    for (const capture of captures) readers.push(openPlace(capture));
    const keptBytes = leastKeptBytes(captures, readers);
    const [keys, pairs] = [new Numbers(), new Numbers()];
    return readers.map((reader, index) => {
      const tunnels = openersOf(captures[index]!.encapsulation);
      return readHead(new HopSource(reader, { tunnels, keptBytes, clockAheadUs: 0 }), keys, pairs);
    });
  } finally {
    for (const reader of readers) reader.close();
  }
}

function readHead(source: HopSource, keys: Numbers, pairs: Numbers): Heads {
  const seen = new Map<number, Head>();
  let isTwice = false;
  let packets = 0;
  const { packet, reader, key } = source;
  while (packets < MOST_PACKETS && reader.frame < MOST_RECORDS && source.advance()) {
    if (source.matter !== MATTER.flow) continue;
    packets++;
    key.compute(packet, reader.bytes);
    if (!key.isStrong) continue;
    const number = keys.of(`${key.first} ${key.second}`);
    const [from, to] = endsOf(packet);
    const isForth = from < to;
    const head: Head = {
      timeUs: source.timeUs,
      ttl: packet.ttl,
      pair: pairs.of(isForth ? `${from} ${to}` : `${to} ${from}`),
      isForth,
      isRequest: isRequest(packet),
      sourcePort: packet.sourcePort,
      destinationPort: packet.destinationPort,
      times: 1,
    };
    const known = seen.get(number);
    if (known === undefined) seen.set(number, head);
    else {
      isTwice ||= head.ttl < known.ttl;
      if (isSameForm(known, head)) known.times++;
    }
  }
  return { heads: seen, isTwice };
}

/** Whether no router and no translation lies between two sightings of a packet. */
const isSameForm = (one: Head, other: Head): boolean =>
  one.ttl === other.ttl &&
  one.pair === other.pair &&
  one.isForth === other.isForth &&
  one.sourcePort === other.sourcePort &&
  one.destinationPort === other.destinationPort;

function endsOf(packet: Packet): readonly [string, string] {
  const { source0, source1, source2, source3, destination0, destination1, destination2, destination3 } =
    packet;
  return [
    `${source0},${source1},${source2},${source3}`,
    `${destination0},${destination1},${destination2},${destination3}`,
  ];
}

/** Whether a packet looks like one of a client: SYN, echo request, to the lower port. */
export function isRequest(packet: Packet): boolean {
  if (packet.protocol === PROTOCOL.icmp) return packet.icmpType !== ICMP.echoReply;
  if (packet.protocol === PROTOCOL.icmpv6) return packet.icmpType !== ICMPV6.echoReply;
  const flags = packet.tcpFlags & (TCP.syn | TCP.ack);
  if (packet.protocol === PROTOCOL.tcp && (flags & TCP.syn) !== 0) return flags === TCP.syn;
  return packet.sourcePort >= packet.destinationPort;
}
