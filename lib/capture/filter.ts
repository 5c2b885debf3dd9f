import { HopbookError } from "../errors.js";
import { familyOf } from "./addresses.js";
import { allOf, anyOf } from "./expression.js";
import { conversationOf, matchConversation, type Conversation } from "./flow-filter.js";
import { checkInterface } from "./names.js";
import { matchOuterFragment, matchSealed, matchTransportSession } from "./underlay.js";
import { viewOf } from "./view.js";
import type { Flow, Hop } from "../model/hops.js";
import { sealOf, wireOf } from "../wire/registry.js";

interface FilterOptions {
  /** `SSH_CONNECTION` of the transport's own login on this node; null where there is none. */
  readonly sshConnection: string | null;
}

/**
 * More than this is refused: the kernel takes 4096 BPF instructions (BPF_MAXINSNS) and libpcap's optimiser
 * gets slow long before. About 50 addresses an end at a plain hop.
 */
export const MAX_FILTER_CHARS = 12_000;

/**
 * The libpcap filter (pcap-filter(7)) of a hop: every packet of the flows that pass there, both ways,
 * between all address pairs of their ends, their fragments, and ICMP errors that quote them; under a
 * tunnel all of this of the inner packet; where they are sealed also all that is sealed between the nodes. The transport's own connection is left out.
 *
 * Throws INPUT_INVALID where an address, port or interface cannot stand in a filter or there are too many.
 */
export function buildFilter(hop: Hop, flows: readonly Flow[], options: FilterOptions): string {
  checkInterface(hop.interface);
  const terms = termsOf(hop, flows);
  if (terms.length === 0) throw noAddresses(hop);
  const flowsMatch = anyOf(...terms);
  const session = hop.role === "nic" ? matchTransportSession(options.sshConnection) : null;
  const login = isAmong(flows, options.sshConnection) ? session : null;
  const filter = login === null ? flowsMatch : allOf(`not ${login}`, flowsMatch);
  if (filter.length > MAX_FILTER_CHARS) throw tooLong(hop, filter.length);
  return filter;
}

/**
 * Whether a flow's packets could be the login's at all: both its addresses are ends of it. Elsewhere the filter does
 * without the login's port, which is another one each time, so that a plan is the same when it is made again.
 */
function isAmong(flows: readonly Flow[], sshConnection: string | null): boolean {
  const [client = "", , server = ""] = (sshConnection ?? "")
    .split(/\s+/)
    .map((word) => word.replace(/%.*$/, ""));
  const ends = flows.flatMap(({ path }) =>
    [...path.from.addresses, ...path.to.addresses].map(({ ip }) => ip),
  );
  return ends.includes(client) && ends.includes(server);
}

function termsOf(hop: Hop, flows: readonly Flow[]): readonly string[] {
  const terms = ([4, 6] as const).flatMap((family) =>
    joinConversations(flows, family).map((conversation) =>
      matchConversation(viewOf(hop.encapsulation, family), conversation),
    ),
  );
  const [wire, seal] = [wireOf(hop.encapsulation), sealOf(hop.encapsulation)];
  const worn = wire?.worn ?? seal?.worn;
  if (terms.length === 0 || worn === undefined) return terms;
  const outer = flows.flatMap(({ path: { underlay } }) => {
    const nodes = Object.values(underlay).map((end) => end.ip);
    const peers = nodes.filter((ip) => familyOf(ip) === worn.outer);
    if (peers.length < 2) return [];
    return wire === null ? [matchSealed(seal!, peers)] : [matchOuterFragment(wire, peers)];
  });
  return [...terms, ...new Set(outer)];
}

/** Flows of one protocol from the same addresses are one conversation with all of their far ends: the same packets, said once. */
function joinConversations(flows: readonly Flow[], family: 4 | 6): readonly Conversation[] {
  const joined = new Map<string, Conversation>();
  for (const { protocol, path } of flows) {
    const conversation = conversationOf(
      { protocol, from: path.from.addresses, to: path.to.addresses },
      family,
    );
    if (conversation === null) continue;
    const key = JSON.stringify([protocol, conversation.from]);
    const known = joined.get(key)?.to ?? [];
    const fresh = conversation.to.filter(({ ip, port }) =>
      known.every((one) => one.ip !== ip || one.port !== port),
    );
    joined.set(key, { ...conversation, to: [...known, ...fresh] });
  }
  return [...joined.values()];
}

function noAddresses(hop: Hop): HopbookError {
  return new HopbookError(
    "INPUT_INVALID",
    `Cannot build a capture filter for ${hop.id}: current flows have no two addresses of one family`,
    { where: { node: hop.node }, hint: "Give both ends as IPv4 or both as IPv6" },
  );
}

function tooLong(hop: Hop, chars: number): HopbookError {
  return new HopbookError(
    "INPUT_INVALID",
    `Cannot build a capture filter for ${hop.id}: current length is ${chars} of at most ${MAX_FILTER_CHARS} characters`,
    { where: { node: hop.node }, hint: "Name one pod or address instead of a service with many endpoints" },
  );
}
