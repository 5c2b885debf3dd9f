import type { Outcomes } from "./outcomes.js";
import { BoundedMap } from "./bounded-map.js";
import { CLIENT, GRACE_US, type Side } from "./sides.js";

const MOST_CONVERSATIONS = 1024;
/** Whose clients wait for an answer: NTP, SNMP, QUIC, STUN. */
const ASKED_PORTS = [123, 161, 443, 3478];

interface Conversation {
  /** Of the first datagram that nothing came back for yet; null where there is none. */
  askedUs: number | null;
  answered: boolean;
}

/** UDP of which no more is known, by the client's port. */
export class Datagrams {
  private readonly conversations = new BoundedMap<number, Conversation>(MOST_CONVERSATIONS, (one) => {
    if (!one.answered) this.silent++;
  });
  private silent = 0;
  private anyAnswered = false;
  private serverPort = 0;

  constructor(private readonly outcomes: Outcomes) {}

  note(side: Side, ports: { readonly client: number; readonly server: number }, timeUs: number): void {
    const known = this.conversations.get(ports.client);
    this.serverPort = ports.server;
    if (side === CLIENT) {
      if (known === undefined) this.conversations.set(ports.client, { askedUs: timeUs, answered: false });
      else known.askedUs ??= timeUs;
    } else if (known?.askedUs != null) {
      this.outcomes.add({ protocol: "udp", outcome: "answered", kind: "ok" }, timeUs - known.askedUs);
      known.askedUs = null;
      known.answered = this.anyAnswered = true;
    }
  }

  /** `answerDue`: it is known that one is due, though no answer was seen and the port does not tell. */
  finish(untilUs: number, answerDue: boolean): void {
    const due = answerDue || this.anyAnswered || ASKED_PORTS.includes(this.serverPort);
    for (const { answered, askedUs } of this.conversations.values())
      if (!answered && (!due || untilUs - askedUs! > GRACE_US)) this.silent++;
    const outcome = due
      ? ({ protocol: "udp", outcome: "not answered", kind: "none" } as const)
      : ({ protocol: "udp", outcome: "sent, and nothing came back", kind: "oneWay" } as const);
    for (; this.silent > 0; this.silent--) this.outcomes.add(outcome, null);
  }
}
