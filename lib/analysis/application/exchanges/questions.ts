import { RCODE, type DnsMessage } from "../dns.js";
import { nameRcode } from "../dns-words.js";
import { BoundedMap } from "./bounded-map.js";
import type { Outcomes } from "./outcomes.js";
import { SearchWalks } from "./search-walks.js";
import { CLIENT, GRACE_US, type Side } from "./sides.js";

const MOST_PENDING = 1024;

interface Question {
  readonly name: string;
  readonly type: string;
  readonly askedUs: number;
  isAnswered: boolean;
}

/** DNS, over UDP and TCP: each question by its id and the client's port. */
export class Questions {
  private readonly walks: SearchWalks;
  private readonly pending = new BoundedMap<number, Question>(MOST_PENDING, (one) => this.giveUp(one));

  constructor(private readonly outcomes: Outcomes) {
    this.walks = new SearchWalks(outcomes);
  }

  note(
    message: DnsMessage,
    from: { readonly side: Side; readonly clientPort: number },
    timeUs: number,
  ): void {
    const isClient = from.side === CLIENT;
    if (message.isAnswer === isClient) return;
    const key = from.clientPort * 65_536 + message.id;
    const asked = this.pending.get(key);
    if (!isClient) this.answer(message, asked, timeUs);
    else if (asked === undefined || asked.isAnswered) this.pending.set(key, questionOf(message, timeUs));
  }

  finish(untilUs: number): void {
    for (const one of this.pending.values()) if (untilUs - one.askedUs > GRACE_US) this.giveUp(one);
    this.walks.finish();
  }

  private answer(message: DnsMessage, asked: Question | undefined, timeUs: number): void {
    if (asked?.isAnswered === true) return;
    if (asked !== undefined) asked.isAnswered = true;
    const { name, type } = asked ?? questionOf(message, timeUs);
    const askedUs = asked?.askedUs ?? null;
    const answered = { name, type, askedUs, timeUs };
    if (message.rcode === RCODE.nxDomain) return this.walks.refuse(answered);
    const isFound = message.rcode === RCODE.noError && message.answerCount > 0;
    if (isFound && this.walks.find(answered)) return;
    const kind = message.rcode === RCODE.noError ? "ok" : "error";
    const outcome = describe(message, `${name}. ${type}`);
    this.outcomes.add({ protocol: "dns", outcome, kind }, askedUs === null ? null : timeUs - askedUs);
  }

  private giveUp({ name, type, isAnswered }: Question): void {
    if (isAnswered) return;
    this.outcomes.add({ protocol: "dns", outcome: `no answer for ${name}. ${type}`, kind: "none" }, null);
  }
}

/** Resolvers may write a name's letters in any case, to tell forged answers (0x20). */
function questionOf({ name, type }: DnsMessage, askedUs: number): Question {
  const known = name?.toLowerCase() ?? "a name that was not captured";
  return { name: known, type: type ?? "", askedUs, isAnswered: false };
}

function describe(message: DnsMessage, question: string): string {
  const { rcode, answers, answerCount } = message;
  if (rcode !== RCODE.noError) return `${nameRcode(rcode)} for ${question}`;
  if (message.truncated) return `truncated answer for ${question}: to be asked again over TCP`;
  if (answerCount === 0) return `no record for ${question}`;
  const shown = answers.toSorted().join(", ");
  return `${question} → ${shown === "" ? `${answerCount} record${answerCount === 1 ? "" : "s"}` : shown}`;
}
