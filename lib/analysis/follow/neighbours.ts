import { formatIp, formatMac } from "../dissect/address.js";
import { ARP } from "../dissect/arp.js";
import { ICMPV6 } from "../dissect/icmpv6.js";
import type { Packet } from "../dissect/packet.js";
import { destinationOf, sourceOf } from "../dissect/summarise.js";
import { sightingOf, type HopSource } from "./source.js";
import type { Sighting } from "./sightings.js";

const MOST_QUESTIONS = 4096;
const MOST_KEPT = 8;
const MOST_MACS = 8;

/** Who has an address, asked by one machine: ARP (RFC 826) or neighbour discovery (RFC 4861). */
export interface NeighbourQuestion {
  readonly protocol: "arp" | "nd";
  readonly asker: string;
  readonly target: string;
  /** By place. */
  readonly requests: number[];
  readonly replies: number[];
  firstUs: number;
  lastUs: number;
  /** When the last answer came; -Infinity: never. */
  answeredUs: number;
  /** MAC addresses that answered. */
  readonly macs: string[];
  /** The first requests. */
  readonly kept: Sighting[];
}

/** Questions and answers about link-layer addresses, as every place shows them. Bounded in number. */
export class Neighbours {
  private readonly questions = new Map<string, NeighbourQuestion>();

  constructor(private readonly places: number) {}

  get all(): readonly NeighbourQuestion[] {
    return [...this.questions.values()];
  }

  note(source: HopSource, place: number): void {
    const { packet, reader } = source;
    if (packet.arpOperation > 0) this.noteArp(packet, reader.bytes, { source, place });
    else this.noteDiscovery(packet, reader.bytes, { source, place });
  }

  private noteArp(packet: Packet, bytes: Uint8Array, at: { source: HopSource; place: number }): void {
    const [sender, target] = [formatIp(4, [packet.arpSender]), formatIp(4, [packet.arpTarget])];
    // A machine that looks whether its own address is free, or tells it to all, is not answered.
    if (sender === target || packet.arpSender === 0) return;
    if (packet.arpOperation === ARP.request) this.ask("arp", [sender, target], at);
    if (packet.arpOperation === ARP.reply)
      this.answer("arp", [target, sender], { ...at, mac: formatMac(bytes, packet.arpSenderMacAt) });
  }

  private noteDiscovery(packet: Packet, bytes: Uint8Array, at: { source: HopSource; place: number }): void {
    const { neighbourTarget0, neighbourTarget1, neighbourTarget2, neighbourTarget3 } = packet;
    const target = formatIp(6, [neighbourTarget0, neighbourTarget1, neighbourTarget2, neighbourTarget3]);
    const [from, to] = [sourceOf(packet), destinationOf(packet)];
    if (packet.icmpType === ICMPV6.neighbourSolicitation && from !== "::") this.ask("nd", [from, target], at);
    if (packet.icmpType === ICMPV6.neighbourAdvertisement)
      this.answer("nd", [to, target], { ...at, mac: formatMac(bytes, packet.neighbourMacAt) });
  }

  private ask(
    protocol: NeighbourQuestion["protocol"],
    [asker, target]: readonly [string, string],
    { source, place }: { source: HopSource; place: number },
  ): void {
    const key = `${asker} ${target}`;
    let question = this.questions.get(key);
    if (question === undefined) {
      if (this.questions.size >= MOST_QUESTIONS) return;
      const none = (): number[] => new Array<number>(this.places).fill(0);
      question = {
        protocol,
        asker,
        target,
        requests: none(),
        replies: none(),
        firstUs: source.timeUs,
        lastUs: source.timeUs,
        answeredUs: -Infinity,
        macs: [],
        kept: [],
      };
      this.questions.set(key, question);
    }
    question.requests[place]!++;
    question.lastUs = source.timeUs;
    if (question.kept.length < MOST_KEPT) question.kept.push(sightingOf(source, place));
  }

  private answer(
    protocol: NeighbourQuestion["protocol"],
    [asker, target]: readonly [string, string],
    { source, place, mac }: { source: HopSource; place: number; mac: string },
  ): void {
    const question = this.questions.get(`${asker} ${target}`);
    if (question?.protocol !== protocol) return;
    question.replies[place]!++;
    question.answeredUs = source.timeUs;
    if (!question.macs.includes(mac) && question.macs.length < MOST_MACS) question.macs.push(mac);
  }
}
