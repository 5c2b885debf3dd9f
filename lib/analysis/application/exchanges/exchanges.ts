import type { ExchangeFinding } from "../../../model/findings.js";
import { ICMPV6 } from "../../dissect/icmpv6.js";
import { PROTOCOL, STOP, type Packet } from "../../dissect/packet.js";
import { isDnsPort, readDns } from "../dns.js";
import { Connections } from "./connections.js";
import { Datagrams } from "./datagrams.js";
import { Echoes } from "./echoes.js";
import { Neighbours } from "./neighbours.js";
import { Outcomes } from "./outcomes.js";
import { Questions } from "./questions.js";
import { CLIENT, type Side } from "./sides.js";

/**
 * What the two ends of one flow said to each other. It is fed with the packets that one place shows, the nearest to the
 * client: of another place's copies, or of both, it would count everything twice. Memory is bounded, and nothing is
 * kept of a flow of another protocol.
 */
export class Exchanges {
  private readonly outcomes = new Outcomes();
  private connections: Connections | null = null;
  private questions: Questions | null = null;
  private datagrams: Datagrams | null = null;
  private echoes: Echoes | null = null;
  private neighbours: Neighbours | null = null;

  /** `direction` 0 from the client, 1 from the server. Times may be of any clock, if it is one and they do not go back. */
  note(packet: Packet, bytes: Uint8Array, direction: Side, timeUs: number): void {
    if (packet.arpOperation > 0 || isDiscovery(packet)) {
      this.neighbours ??= new Neighbours(this.outcomes);
      this.neighbours.note(packet, bytes, timeUs);
      return;
    }
    if (packet.stop !== STOP.none || packet.fragmentOffset > 0) return;
    if (packet.protocol === PROTOCOL.tcp) {
      this.connections ??= new Connections(this.outcomes, this);
      this.connections.note(packet, bytes, { side: direction, timeUs });
    } else if (packet.protocol === PROTOCOL.udp) this.noteUdp(packet, bytes, { side: direction, timeUs });
    else {
      this.echoes ??= new Echoes(this.outcomes);
      this.echoes.note(packet, timeUs);
    }
  }

  /**
   * Once, when the flow is over or the captures end: `untilUs` is by the clock of `note`. `answerDue`: datagrams of this
   * flow ought to be answered, even though none was.
   */
  finish(untilUs: number, answerDue = false): readonly ExchangeFinding[] {
    this.connections?.finish(untilUs);
    this.questions?.finish(untilUs);
    this.datagrams?.finish(untilUs, answerDue);
    this.echoes?.finish(untilUs);
    this.neighbours?.finish(untilUs);
    return this.outcomes.list();
  }

  private noteUdp(packet: Packet, bytes: Uint8Array, from: { side: Side; timeUs: number }): void {
    const { side, timeUs } = from;
    const isClient = side === CLIENT;
    const clientPort = isClient ? packet.sourcePort : packet.destinationPort;
    const serverPort = isClient ? packet.destinationPort : packet.sourcePort;
    const { payloadAt: at, payloadBytes, end } = packet;
    const message = isDnsPort(serverPort) ? readDns(bytes, at, Math.min(end, at + payloadBytes)) : null;
    if (message !== null) {
      this.askedQuestions().note(message, { side, clientPort }, timeUs);
      return;
    }
    this.datagrams ??= new Datagrams(this.outcomes);
    this.datagrams.note(side, { client: clientPort, server: serverPort }, timeUs);
  }

  askedQuestions(): Questions {
    this.questions ??= new Questions(this.outcomes);
    return this.questions;
  }
}

function isDiscovery({ version, protocol, icmpType }: Packet): boolean {
  const { neighbourSolicitation, neighbourAdvertisement } = ICMPV6;
  const isOne = icmpType === neighbourSolicitation || icmpType === neighbourAdvertisement;
  return version === 6 && protocol === PROTOCOL.icmpv6 && isOne;
}
