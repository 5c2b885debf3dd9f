import { formatIp, formatMac } from "../../dissect/address.js";
import { ARP } from "../../dissect/arp.js";
import { ICMPV6 } from "../../dissect/icmpv6.js";
import type { Packet } from "../../dissect/packet.js";
import { BoundedMap } from "./bounded-map.js";
import type { Outcomes } from "./outcomes.js";
import { GRACE_US } from "./sides.js";

const MOST_ASKED = 256;

interface Asked {
  readonly protocol: "arp" | "nd";
  readonly address: string;
  firstUs: number;
  /** Questions since the last answer. */
  open: number;
}

/** Who has an address: ARP (RFC 826) and neighbour discovery (RFC 4861). */
export class Neighbours {
  private readonly asked = new BoundedMap<string, Asked>(MOST_ASKED, (one) => this.giveUp(one));

  constructor(private readonly outcomes: Outcomes) {}

  note(packet: Packet, bytes: Uint8Array, timeUs: number): void {
    if (packet.arpOperation > 0) this.noteArp(packet, bytes, timeUs);
    else this.noteDiscovery(packet, bytes, timeUs);
  }

  finish(untilUs: number): void {
    for (const one of this.asked.values()) if (untilUs - one.firstUs > GRACE_US) this.giveUp(one);
  }

  private noteArp(packet: Packet, bytes: Uint8Array, timeUs: number): void {
    const { arpOperation, arpSender, arpTarget } = packet;
    // A machine that asks for the address it has, or with none of its own (RFC 5227), hopes for no answer.
    if (arpOperation === ARP.request && arpSender !== 0 && arpSender !== arpTarget)
      this.ask("arp", formatIp(4, [arpTarget]), timeUs);
    if (arpOperation === ARP.reply)
      this.answer(formatIp(4, [arpSender]), formatMac(bytes, packet.arpSenderMacAt), timeUs);
  }

  private noteDiscovery(packet: Packet, bytes: Uint8Array, timeUs: number): void {
    const { icmpType, neighbourTarget0, neighbourTarget1, neighbourTarget2, neighbourTarget3 } = packet;
    const target = (): string =>
      formatIp(6, [neighbourTarget0, neighbourTarget1, neighbourTarget2, neighbourTarget3]);
    const hasSource = (packet.source0 | packet.source1 | packet.source2 | packet.source3) !== 0;
    if (icmpType === ICMPV6.neighbourSolicitation && hasSource) this.ask("nd", target(), timeUs);
    if (icmpType !== ICMPV6.neighbourAdvertisement) return;
    const mac =
      packet.neighbourMacAt < 0 ? "a MAC it does not tell" : formatMac(bytes, packet.neighbourMacAt);
    this.answer(target(), mac, timeUs);
  }

  private ask(protocol: "arp" | "nd", address: string, timeUs: number): void {
    const known = this.asked.get(address);
    if (known === undefined) this.asked.set(address, { protocol, address, firstUs: timeUs, open: 1 });
    else if (known.open++ === 0) known.firstUs = timeUs;
  }

  private answer(address: string, mac: string, timeUs: number): void {
    const known = this.asked.get(address);
    if (known === undefined) return;
    const tookUs = known.open === 0 ? null : timeUs - known.firstUs;
    this.outcomes.add({ protocol: known.protocol, outcome: `${address} is at ${mac}`, kind: "ok" }, tookUs);
    known.open = 0;
  }

  private giveUp({ protocol, address, open }: Asked): void {
    for (let count = 0; count < open; count++)
      this.outcomes.add({ protocol, outcome: `nobody answers for ${address}`, kind: "none" }, null);
  }
}
