import {
  isUnsent,
  type FindingsEnd,
  type FlowFinding,
  type HopFinding,
  type HopRef,
} from "../model/findings.js";
import { sayUnentered, type Unentered } from "../model/hops.js";
import { isOneWay } from "./flow-words.js";
import { isSameHop, placeBetween, placeHop } from "./legs.js";
import { formatShare } from "./numbers.js";

/** The sentences that every format shares. They are raw: each format escapes them for itself. */

/**
 * `shop/web:8080`, `[fd00::1]:53`, `10.0.0.1`; `Service shop/web 10.96.0.20:80 (shop/web-1:8080)`, and the other way round
 * where the backend itself was sent to.
 */
export function nameEnd(end: FindingsEnd): string {
  const { service, pod } = end;
  if (service === undefined) return nameAddress(end);
  const { name, clusterIp, backend } = service;
  const own = nameAddress({ pod, ...backend });
  const whole = `Service ${name === null ? "" : `${name} `}${nameAddress({ pod: null, ...clusterIp })}`;
  return end.ip === clusterIp.ip ? `${whole} (${own})` : `${own} (of ${whole})`;
}

function nameAddress(end: Pick<FindingsEnd, "pod" | "ip" | "port">): string {
  const port = end.port === null ? "" : `:${end.port}`;
  if (end.pod !== null) return `${end.pod}${port}`;
  return end.ip.includes(":") && port !== "" ? `[${end.ip}]${port}` : `${end.ip}${port}`;
}

export function nameFlow(flow: FlowFinding): string {
  return `${nameEnd(flow.from)} → ${nameEnd(flow.to)}`;
}

/** `ICMP ping`, `TCP http`, `TCP http, IPv6` where an end has both families; `UDP, watched only` between ends of a run that no probe was made for, `UDP` of bare captures. */
export function nameTraffic(flow: FlowFinding): string {
  const protocol = flow.protocol.toUpperCase();
  const hasBoth = [flow.from, flow.to].some(({ otherIp }) => otherIp !== undefined);
  const over = hasBoth ? `, ${flow.to.ip.includes(":") ? "IPv6" : "IPv4"}` : "";
  if (flow.probe !== null) return `${protocol} ${flow.probe}${saySize(flow)}${over}`;
  return flow.from.pod === null && flow.to.pod === null ? protocol : `${protocol}${over}, watched only`;
}

/** Of packets that are tried in several sizes, which tell the flows of one way apart. */
function saySize({ probe, hops }: FlowFinding): string {
  const { packets = 0, bytes = 0 } = hops[0]?.request ?? {};
  return probe !== "ping-large" || packets === 0 || bytes % packets !== 0 ? "" : `, ${bytes / packets} B`;
}

/** `4 requests`, `1 reply`. */
export function countPackets(count: number, direction: "request" | "reply"): string {
  if (direction === "request") return count === 1 ? "1 request" : `${count} requests`;
  return count === 1 ? "1 reply" : `${count} replies`;
}

/**
 * `4 of 4 requests`, `24 of 72 requests (33.3 %)`; of TCP `8 of 8 request packets`, since one connection has several and
 * sends some again.
 */
export function describeLoss(flow: FlowFinding): string {
  const { lost, direction } = flow.verdict;
  const share = lost.packets < lost.of ? ` (${formatShare(lost.packets / lost.of)})` : "";
  return `${lost.packets} of ${countOf(flow, lost.of, direction ?? "request")}${share}`;
}

function countOf(flow: FlowFinding, count: number, direction: "request" | "reply"): string {
  if (flow.protocol !== "tcp") return countPackets(count, direction);
  return `${count} ${direction} ${count === 1 ? "packet" : "packets"}`;
}

/** The verdict in one sentence, its status first in capitals: what is pasted into a channel. */
export function describeVerdict(flow: FlowFinding): string {
  const { verdict } = flow;
  switch (verdict.status) {
    case "lost":
      // In part, the number is the news; as a whole, the place is.
      return verdict.lost.packets < verdict.lost.of
        ? `LOST ${describeLoss(flow)} ${describeBreak(flow)}`
        : `LOST ${describeBreak(flow)}: ${describeLoss(flow)}`;
    case "rejected":
      return describeRejection(flow);
    case "unanswered":
      return describeUnanswered(flow);
    case "delivered":
      return describeDelivery(flow);
    case "inconclusive":
      return describeInconclusive(flow);
  }
}

/** What stands for the cause where none was found: bare captures have no node to ask. */
export function describeNoCause({ verdict }: FlowFinding): string {
  return verdict.lookedAt.length === 0 ? "not looked for, no node was asked." : "none that the nodes show.";
}

/** A sentence with one full stop, however its author ended it. */
export function endSentence(text: string): string {
  return `${text.trimEnd().replace(/\.+$/, "")}.`;
}

function describeBreak(flow: FlowFinding): string {
  const { lastSeen, firstMissing } = flow.verdict;
  if (lastSeen === null && firstMissing === null) return "on the way";
  if (lastSeen === null) return `before ${placeHop(firstMissing)}`;
  if (firstMissing === null) return `after ${placeHop(lastSeen)}`;
  return placeBetween(lastSeen, firstMissing);
}

function describePlace(hop: HopRef | null): string {
  return hop === null ? "" : ` (${hop.interface} on ${hop.node})`;
}

/** Only a place of the far end's own says that packets reached it. */
function describeUnanswered(flow: FlowFinding): string {
  const { lastSeen } = flow.verdict;
  const count = countOf(flow, lastCount(flow), "request");
  if ((flow.replyHops ?? flow.hops).some(({ reply }) => reply.packets > 0))
    return `UNANSWERED: ${count} reached ${nameEnd(flow.to)}, and not all got what was due: ${describeSilence(flow)}`;
  if (lastSeen === null || isPlaceOfFarEnd(flow, lastSeen))
    return `UNANSWERED: ${count} reached ${nameEnd(flow.to)}${describePlace(lastSeen)}, no reply left it`;
  const dark = flow.unentered?.find(({ end }) => end === "to");
  if (dark !== undefined)
    return `UNANSWERED: ${count} for ${nameEnd(flow.to)} ${describeLeaving(lastSeen, dark)}; ${sayUnentered(dark)}; no reply came back`;
  if (isEgress(flow))
    return `UNANSWERED: ${count} for ${nameEnd(flow.to)}${sayStray(flow)} left the cluster by ${placeHop(lastSeen)}${sayLeftAs(flow)}; no reply came back`;
  return `UNANSWERED: ${count} for ${nameEnd(flow.to)} passed ${placeHop(lastSeen)}, the last place that was captured; no reply came back`;
}

/** "left node-a by eth0 towards 10.77.0.12": the last place that was captured, before what could not be looked into. */
function describeLeaving(last: HopRef, dark: Unentered): string {
  const { node, interface: device } = last;
  if (dark.node === node) return `came as far as ${placeHop(last)}`;
  return `left ${node} by ${device}${dark.address === null ? "" : ` towards ${dark.address}`}`;
}

/** From the cluster to what is neither a pod nor a node of it. Of what nobody asked for an unknown pod may be the other end. */
export function isEgress({ from, to, probe, unentered = [] }: FlowFinding): boolean {
  if (probe === null || unentered.some(({ end }) => end === "to")) return false;
  return (from.pod !== null || from.node !== null) && to.pod === null && to.node === null;
}

/** The source address that requests were given on their way; null: they kept their own. */
export function leftAs({ rewrites = [] }: FlowFinding): string | null {
  const own = rewrites.find(({ direction, source }) => direction === "request" && source.was !== source.is);
  return own?.source.is ?? null;
}

function sayStray({ verdict: { cause } }: FlowFinding): string {
  return cause?.code === "no-service" ? ", which belongs to no Service," : "";
}

function sayLeftAs(flow: FlowFinding): string {
  const as = leftAs(flow);
  if (as !== null) return ` as ${as}`;
  return flow.from.pod === null ? "" : `, with the pod's own address ${flow.from.ip}`;
}

function describeSilence({ exchanges = [] }: FlowFinding): string {
  const silences = exchanges.filter(({ kind }) => kind === "none");
  if (silences.length === 0) return "there are fewer answers than requests";
  return silences.map(({ count, outcome }) => (count === 1 ? outcome : `${count} × ${outcome}`)).join("; ");
}

function isPlaceOfFarEnd({ to }: FlowFinding, hop: HopRef): boolean {
  if (to.node !== null && to.node !== hop.node) return false;
  return hop.role === "pod" || (to.pod === null && to.node === hop.node);
}

function describeInconclusive(flow: FlowFinding): string {
  const { firstMissing, caveats } = flow.verdict;
  if (isUnsent(flow.verdict))
    return `INCONCLUSIVE: nothing of what was tried for ${nameFlow(flow)} came as far as the sender's own device, ${placeHop(firstMissing)}`;
  const said = `INCONCLUSIVE: the evidence does not say what became of ${nameFlow(flow)}`;
  const [reason] = caveats;
  const isUnseen = flow.hops.every(({ request, reply }) => request.packets + reply.packets === 0);
  if (isUnseen && flow.hops.length > 0)
    return `${said}: no packet of it was seen at any of ${flow.hops.length} ${flow.hops.length === 1 ? "hop" : "hops"}`;
  return reason === undefined ? said : `${said}: ${reason}`;
}

function describeRejection(flow: FlowFinding): string {
  const by = flow.verdict.rejectedBy;
  if (by === null) return "REJECTED on the way";
  return `REJECTED by ${by.ip}${by.node === null ? "" : ` on ${by.node}`}: ${by.how}`;
}

function describeDelivery(flow: FlowFinding): string {
  const back = flow.replyHops ?? [...flow.hops].reverse();
  const [sent, replies] = [back[0]?.reply.packets, back.at(-1)?.reply.packets ?? 0];
  const requests = countAll(flow, { sent: flow.hops[0]?.request.packets, came: lastCount(flow) }, "request");
  const last = flow.hops.at(-1);
  // What was answered did arrive, whatever the last place is that was captured.
  const reached =
    replies > 0 || last === undefined || isPlaceOfFarEnd(flow, last)
      ? `reached ${nameEnd(flow.to)}`
      : `for ${nameEnd(flow.to)} passed ${placeHop(last)}, the last place that was captured`;
  const dark = flow.unentered?.find(({ end }) => end === "from");
  if (dark !== undefined && replies > 0)
    return `DELIVERED: ${requests} ${reached}, ${countOf(flow, replies, "reply")} ${describeLeaving(back.at(-1)!, dark)}; ${sayUnentered(dark)}`;
  if (isOneWay(flow)) return `DELIVERED, one-way: ${requests} ${reached}; no answer was due`;
  return `DELIVERED: ${requests} ${reached}, ${countAll(flow, { sent, came: replies }, "reply")} came back`;
}

/** The two directions of a TCP connection have unlike counts, which reads as a loss where it does not say that it is none. */
function countAll(
  flow: FlowFinding,
  { sent, came }: { readonly sent: number | undefined; readonly came: number },
  direction: "request" | "reply",
): string {
  const isAll = flow.protocol === "tcp" && came > 1 && sent === came;
  return `${isAll ? "all " : ""}${countOf(flow, came, direction)}`;
}

/** `72, 48`: requests and replies where the client's own packets were seen first. */
export function countAtEnds({ hops, replyHops }: FlowFinding): string {
  const first = hops[0];
  const replies = replyHops?.at(-1)?.reply.packets ?? first?.reply.packets;
  return first === undefined ? "" : `${first.request.packets}, ${replies ?? 0}`;
}

function lastCount(flow: FlowFinding): number {
  return flow.hops.at(-1)?.request.packets ?? 0;
}

/** Between which two hops of `hops` the break is: `after` and `after + 1`, in that list's order. */
interface BreakAt {
  readonly after: number;
  readonly direction: "request" | "reply";
}

/**
 * Where the break is to be drawn in a list of hops: a reply that was lost goes against the request's
 * order, or along the reply's own list. null where there is none, or it lies in the other list.
 */
export function locateBreak(flow: FlowFinding, hops: readonly HopFinding[]): BreakAt | null {
  const { status, direction, lastSeen, firstMissing } = flow.verdict;
  if (status !== "lost" || direction === null) return null;
  if (direction === "reply" && flow.replyHops !== undefined && hops === flow.hops) return null;
  if (direction === "request" && hops === flow.replyHops) return null;
  const from = lastSeen === null ? -1 : hops.findIndex((hop) => isSameHop(hop, lastSeen));
  const to = firstMissing === null ? -1 : hops.findIndex((hop) => isSameHop(hop, firstMissing));
  const backwards = direction === "reply" && hops === flow.hops;
  const after = backwards ? (to >= 0 ? to : from - 1) : from >= 0 ? from : to - 1;
  return after >= 0 && after < hops.length - 1 ? { after, direction } : null;
}

/** Hops in order, grouped while the node stays the same. */
export function groupByNode(hops: readonly HopFinding[]): { node: string; hops: HopFinding[] }[] {
  const groups: { node: string; hops: HopFinding[] }[] = [];
  for (const hop of hops) {
    const last = groups.at(-1);
    if (last !== undefined && last.node === hop.node) last.hops.push(hop);
    else groups.push({ node: hop.node, hops: [hop] });
  }
  return groups;
}

/** `2026-11-20 21:44:54 UTC`; a time that is none is shown as it is. */
export function formatTime(time: string): string {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(time)
    ? `${time.slice(0, 19).replace("T", " ")} UTC`
    : time;
}
