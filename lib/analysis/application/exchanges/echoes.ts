import { ICMP } from "../../dissect/icmp.js";
import { ICMPV6 } from "../../dissect/icmpv6.js";
import type { Packet } from "../../dissect/packet.js";
import { BoundedMap } from "./bounded-map.js";
import type { Outcomes } from "./outcomes.js";
import { GRACE_US } from "./sides.js";

const MOST_PENDING = 1024;
const NONE = { protocol: "icmp", outcome: "echo not answered", kind: "none" } as const;
const ANSWERED = { protocol: "icmp", outcome: "echo answered", kind: "ok" } as const;

/** ICMP and ICMPv6 echo (RFC 792, RFC 4443): each request by its id and number. */
export class Echoes {
  private readonly pending = new BoundedMap<number, number>(MOST_PENDING, () =>
    this.outcomes.add(NONE, null),
  );

  constructor(private readonly outcomes: Outcomes) {}

  note(packet: Packet, timeUs: number): void {
    const words = packet.version === 6 ? ICMPV6 : ICMP;
    const key = packet.icmpId * 65_536 + packet.icmpSequence;
    const asked = this.pending.get(key);
    if (packet.icmpType === words.echoRequest && asked === undefined) this.pending.set(key, timeUs);
    if (packet.icmpType !== words.echoReply || asked === undefined) return;
    this.pending.delete(key);
    this.outcomes.add(ANSWERED, timeUs - asked);
  }

  finish(untilUs: number): void {
    for (const askedUs of this.pending.values())
      if (untilUs - askedUs > GRACE_US) this.outcomes.add(NONE, null);
  }
}
