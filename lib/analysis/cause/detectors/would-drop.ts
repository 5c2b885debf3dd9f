import { ipVersion } from "../../../linux/address.js";
import type { Hook } from "../../../linux/ruleset.js";
import { makePacket, type Packet } from "../../../rules/packet.js";
import type { RuleEnd } from "../../../rules/walk/chain.js";
import { sayConditions } from "../../../rules/walk/conditions.js";
import { groupEnds } from "../../../rules/walk/ends.js";
import { walkHooks, type HookStep } from "../../../rules/walk/path.js";
import { wireOf } from "../../../wire/registry.js";
import type { Candidate, DetectorInput } from "../candidate.js";
import type { Spot } from "../spot.js";
import { readChains, viewState } from "../../../readings/node-rules.js";
import { describeNetns, type Netns } from "../../../readings/reader.js";
import { summarise } from "../wording.js";

/**
 * The rule that ends the flow's packets by its text alone: one without a counter, or whose counter was read once, so that no
 * growth can speak for it. Where the answer depends on what was not read, it is a doubt and no cause.
 */
export function findWouldDrop(given: DetectorInput, at: Netns): Candidate[] {
  const packet = packetOf(given);
  if (packet === undefined) return [];
  const steps = stepsOf(given.spot, packet.family);
  const walk = walkHooks(readChains(given.state, at), packet, { steps, node: viewState(given.state, at) });
  const kind = given.input.status === "rejected" ? "reject" : "drop";
  const wasReadBefore = RULES.some((one) => given.state.readings(at, one, { phase: "before" }).length > 0);
  const groups = groupEnds(walk);
  const found = groups.find(({ end: one }) => one.kind === kind && (!wasReadBefore || hasNoCounter(one)));
  if (found === undefined) return [];
  const { end, under } = found;
  const counter = hasNoCounter(end) ? "it has no counter" : "its counter was read once and says nothing";
  const isCertain = walk.passed.length === 0 && groups.length === 1 && walk.givenUp.length === 0;
  const clause = isCertain ? null : sayConditions(under);
  return [accuse(describe(end), { at, kind, counter, clause })];
}

const RULES = ["iptables", "ip6tables", "nftables"] as const;

interface Found {
  /** Why it is not the counter that speaks. */
  readonly counter: string;
  readonly at: Netns;
  readonly kind: "drop" | "reject";
  /** What has to be so for it; null: it is certain. */
  readonly clause: string | null;
}

/** What ended the packet, for people. */
interface Ender {
  readonly who: string;
  readonly text: string;
  readonly handle: number | null;
  readonly comments: readonly string[];
}

function describe({ rule, chain }: RuleEnd): Ender {
  if (rule !== null) {
    const { text, handle } = rule;
    return { who: `a rule of ${rule.chain}`, text, handle, comments: rule.comments() };
  }
  const { table, name } = chain;
  const text = `table ${table.name}, chain ${name}: policy drop`;
  return { who: `the policy of ${table.name} ${name}`, text, handle: null, comments: [] };
}

function accuse(ender: Ender, { at, kind, counter, clause }: Found): Candidate {
  const verb = kind === "drop" ? "dropped" : "rejected";
  const who = `${describeNetns(at)}: the packets would be ${verb} by ${ender.who}`;
  const comments = ender.comments.map((comment) => `"${comment}"`);
  return {
    code: kind === "drop" ? "netfilter-drop" : "rejected-by-netfilter",
    summary: clause === null ? summarise(who, comments) : `${who} if ${clause}: ${ender.text}`,
    evidence: [
      `${describeNetns(at)}: ${ender.text}${ender.handle === null ? "" : ` (handle ${String(ender.handle)})`}`,
      `${counter}: its text and the flow's packet say it`,
      ...ender.comments.map((comment) => `its comment: ${comment}`),
    ],
    strength: clause === null ? 1 : 0,
  };
}

/** Policies of iptables count, those of nft's chains never do. */
function hasNoCounter({ rule, chain }: RuleEnd): boolean {
  return rule === null ? chain.isOfNft : rule.steps().every(({ kind }) => kind !== "count");
}

/** The lost packet as rules see it there; what is not known of it stays so. */
function packetOf({ input, spot }: DetectorInput): Packet | undefined {
  const lengthBytes = input.lost[0]?.ipBytes ?? null;
  if (spot.outer) {
    const ipOf = (node: string | null): string => input.flow.underlay[node ?? ""]?.ip ?? "";
    const port = input.flow.hops
      .map(({ encapsulation }) => wireOf(encapsulation)?.worn.port)
      .find((each) => each !== undefined);
    if (port === undefined) return undefined;
    const [source, destination] = [ipOf(spot.sender), ipOf(spot.receiver)];
    return makePacket({ source, destination, protocol: "udp", destinationPort: port });
  }
  const [from, to] = [endOf(spot.source), endOf(spot.target)];
  const { protocol } = input.flow;
  const isEcho = protocol === "icmp";
  const isFour = ipVersion(from.ip) === 4;
  const isReply = input.direction === "reply";
  const isFirst = !isReply && (input.largestPassedIpBytes ?? null) === null;
  return makePacket({
    ...{
      source: from.ip,
      destination: to.ip,
      protocol: isEcho && !isFour ? "icmpv6" : protocol,
      lengthBytes,
    },
    ...(isEcho ? {} : { sourcePort: from.port, destinationPort: to.port }),
    ...(isEcho ? { icmpType: isReply ? (isFour ? 0 : 129) : isFour ? 8 : 128, icmpCode: 0 } : {}),
    connection: {
      state: isReply ? "established" : isFirst ? "new" : null,
      direction: isReply ? "reply" : "original",
    },
  });
}

/** Behind the translation of a Service it is the endpoint that rules see. */
function endOf(end: Spot["source"]): { readonly ip: string; readonly port: number | null } {
  return end.addresses.at(-1) ?? end;
}

const OF_REQUEST: readonly Hook[] = ["ingress", "prerouting", "input"];

function stepsOf({ hooks, kind, inDevice, outDevice }: Spot, family: 4 | 6): HookStep[] {
  const ip = family === 4 ? "ip" : "ip6";
  const own = kind === "pod-in" ? hooks.filter((hook) => OF_REQUEST.includes(hook)) : hooks;
  return own.map((hook) => ({
    hook,
    family: hook === "ingress" || hook === "egress" ? "netdev" : ip,
    inDevice: ["output", "postrouting", "egress"].includes(hook) ? null : inDevice,
    outDevice: ["forward", "output", "postrouting", "egress"].includes(hook) ? outDevice : null,
  }));
}
