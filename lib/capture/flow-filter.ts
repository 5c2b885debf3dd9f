import { familyOf } from "./addresses.js";
import { allOf, anyOf } from "./expression.js";
import { matchLaterFragment, matchTransport, protocolNumber } from "./transport.js";
import { access, byteAt, matchAddress, transportBase, type View } from "./view.js";
import { plus } from "../wire/ip.js";
import type { FlowAddress } from "../model/evidence.js";
import type { Protocol } from "../model/traffic.js";

/** What a filter needs to know of a flow, for one family of addresses; both lists are not empty. */
export interface Conversation {
  readonly protocol: Protocol;
  readonly from: readonly FlowAddress[];
  readonly to: readonly FlowAddress[];
}

/** Only the addresses of one family; null where an end has none, since packets never mix families. */
export function conversationOf(flow: Conversation, family: 4 | 6): Conversation | null {
  const from = flow.from.filter((address) => familyOf(address.ip) === family);
  const to = flow.to.filter((address) => familyOf(address.ip) === family);
  return from.length === 0 || to.length === 0 ? null : { protocol: flow.protocol, from, to };
}

/** The conversation's packets both ways, their later fragments, and ICMP errors that quote them. */
export function matchConversation(view: View, conversation: Conversation): string {
  const { from, to } = conversation;
  return allOf(
    view.guard,
    anyOf(
      matchDirection(view, { ...conversation, fragments: true }),
      matchDirection(view, { ...conversation, from: to, to: from, fragments: true }),
      matchError(view, conversation),
    ),
  );
}

interface Direction extends Conversation {
  readonly fragments: boolean;
}

/** All pairs from × to: said as "one of these sources and one of these destinations". */
function matchDirection(view: View, { protocol, from, to, fragments }: Direction): string {
  const transports: string[] = [];
  for (const [src, sources] of byPort(from)) {
    for (const [dst, destinations] of byPort(to)) {
      const ends = [matchSide(view, "src", sources), matchSide(view, "dst", destinations)];
      transports.push(allOf(...ends, matchTransport(view, protocol, { src, dst })));
    }
  }
  if (!fragments) return anyOf(...transports);
  const later = allOf(
    matchSide(view, "src", addressesOf(from)),
    matchSide(view, "dst", addressesOf(to)),
    matchLaterFragment(view, protocolNumber(protocol, view.family)),
  );
  return anyOf(...transports, later);
}

/** ICMP types that report an error and quote the packet (RFC 792, RFC 1122 3.2.2; RFC 4443 2.1). */
const ERROR_TYPES = { 4: [3, 11, 12], 6: [1, 2, 3, 4] } as const;

/** An ICMP error towards one of the ends that quotes a packet of the conversation, whoever sent it. */
function matchError(view: View, conversation: Conversation): string {
  const { from, to } = conversation;
  const icmp = transportBase(view);
  // Both families put the quoted packet 8 bytes into the message.
  const quoted: View = { ...view, base: plus(icmp, 8), plain: false, guard: "" };
  return allOf(
    matchProtocol(view),
    matchSide(view, "dst", addressesOf([...from, ...to])),
    anyOf(...ERROR_TYPES[view.family].map((type) => `${access(view.unit, icmp, 1)}=${type}`)),
    anyOf(
      matchDirection(quoted, { ...conversation, fragments: false }),
      matchDirection(quoted, { ...conversation, from: to, to: from, fragments: false }),
    ),
  );
}

function matchProtocol(view: View): string {
  const number = protocolNumber("icmp", view.family);
  if (view.family === 6) return `${byteAt(view, 6)}=${number}`;
  return allOf(`${byteAt(view, 9)}=${number}`, `${byteAt(view, 6, 2)}&0x1fff=0`);
}

function matchSide(view: View, side: "src" | "dst", ips: readonly string[]): string {
  return anyOf(...ips.map((ip) => matchAddress(view, side, ip)));
}

function addressesOf(list: readonly FlowAddress[]): readonly string[] {
  return list.map((address) => address.ip);
}

function byPort(list: readonly FlowAddress[]): ReadonlyMap<number | null, readonly string[]> {
  const groups = new Map<number | null, string[]>();
  for (const { ip, port } of list) {
    const group = groups.get(port);
    if (group === undefined) groups.set(port, [ip]);
    else group.push(ip);
  }
  return groups;
}
