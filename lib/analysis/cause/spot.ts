import type { CauseInput } from "../../model/cause.js";
import type { EvidenceEnd, EvidenceHop } from "../../model/evidence.js";
import { rankOf } from "../../model/roles.js";
import type { Hook } from "../../linux/ruleset.js";
import type { Netns } from "../../readings/reader.js";

/** What lies between the last hop that saw the packets and the first that did not. */
export interface Spot {
  /** Where the packets were in the kernel; null on the wire between nodes. */
  readonly netns: Netns | null;
  readonly hooks: readonly Hook[];
  /** The packets came in by this device and would go out by that one. null: made or taken here. */
  readonly inDevice: string | null;
  readonly outDevice: string | null;
  /** Whether they wear the tunnel's header there. */
  readonly outer: boolean;
  readonly kind: "forward" | "encapsulate" | "wire" | "decapsulate" | "pod-out" | "pod-in" | "veth";
  readonly source: EvidenceEnd;
  readonly target: EvidenceEnd;
  readonly sender: string | null;
  readonly receiver: string | null;
}

const FORWARD: readonly Hook[] = ["ingress", "prerouting", "forward", "postrouting", "egress"];

/** The hops in the order in which the lost packets take them. */
export function orderHops({ flow, direction }: CauseInput): readonly EvidenceHop[] {
  return direction === "reply" ? (flow.replyHops ?? flow.hops.toReversed()) : flow.hops;
}

/** Those that have shown them, up to the last one. */
export function passedHops(input: CauseInput): readonly EvidenceHop[] {
  const hops = orderHops(input);
  return hops.slice(0, hops.findIndex(({ id }) => id === input.lastSeen?.id) + 1);
}

/** null where the verdict names no break. */
export function findSpot(input: CauseInput): Spot | null {
  const { flow, direction, lastSeen, firstMissing } = input;
  const [source, target] = direction === "reply" ? [flow.to, flow.from] : [flow.from, flow.to];
  const base = { source, target, sender: source.node, receiver: target.node };
  if (lastSeen === null) {
    if (firstMissing?.role !== "pod") return null;
    const netns = { node: firstMissing.node, pod: source.pod };
    const hooks: Hook[] = ["output", "postrouting", "egress"];
    return {
      ...base,
      netns,
      hooks,
      inDevice: null,
      outDevice: firstMissing.interface,
      outer: false,
      kind: "pod-out",
    };
  }
  if (input.status === "unanswered" || firstMissing === null) {
    // A node's own server takes them in the node's own network.
    const isAtNode = target.pod === null && target.node === lastSeen.node;
    if (lastSeen.role !== "pod" && !isAtNode) return beforeTheDark(input, lastSeen, base);
    const hooks: Hook[] = ["ingress", "prerouting", "input", "output", "postrouting"];
    const netns = { node: lastSeen.node, pod: target.pod };
    return {
      ...base,
      netns,
      hooks,
      inDevice: lastSeen.interface,
      outDevice: null,
      outer: false,
      kind: "pod-in",
    };
  }
  return { ...base, ...between(lastSeen, passedOn(input, lastSeen, firstMissing) ?? firstMissing) };
}

/** Behind the last capture where the far end could not be looked into: on the wire to its node, or on the node itself. */
function beforeTheDark(
  { flow, direction }: CauseInput,
  last: EvidenceHop,
  base: Omit<Spot, keyof SpotPlace>,
): Spot | null {
  const dark = flow.unentered?.find(({ end }) => end === "to");
  if (dark === undefined) return null;
  if (dark.pod === null) return { ...base, ...onTheWire(last) };
  if (dark.node !== last.node || direction === "reply") return null;
  const netns = { node: last.node, pod: null };
  return {
    ...base,
    ...{ netns, hooks: FORWARD, inDevice: last.interface, outDevice: null, outer: false, kind: "forward" },
  };
}

function onTheWire(last: EvidenceHop): SpotPlace {
  const nowhere = { netns: null, hooks: [], outDevice: null };
  return { ...nowhere, inDevice: last.interface, outer: true, kind: "wire" };
}

/** On the way to the first that misses them, a place of the node that they may have passed unseen: they go there first. */
function passedOn(input: CauseInput, last: EvidenceHop, first: EvidenceHop): EvidenceHop | undefined {
  const hops = orderHops(input);
  const indexOf = ({ id }: EvidenceHop): number => hops.findIndex((hop) => hop.id === id);
  return hops
    .slice(indexOf(last) + 1, indexOf(first))
    .find(({ node, passedBy }) => node === last.node && passedBy !== undefined);
}

type SpotPlace = Omit<Spot, "source" | "target" | "sender" | "receiver">;

function between(last: EvidenceHop, first: EvidenceHop): SpotPlace {
  const ends = { inDevice: last.interface, outDevice: first.interface };
  const netns = { node: last.node, pod: null };
  if (last.node !== first.node) return { ...ends, netns: null, hooks: [], outer: true, kind: "wire" };
  if (last.role === "pod" || first.role === "pod")
    return { ...ends, netns, hooks: [], outer: false, kind: "veth" };
  if (last.role === "tunnel" && rankOf(first) > rankOf(last) && !isPlain(first)) {
    return { ...ends, netns, hooks: ["output", "postrouting", "egress"], outer: true, kind: "encapsulate" };
  }
  if (last.role === "nic" && first.role === "tunnel" && !isPlain(last)) {
    return { ...ends, netns, hooks: ["ingress", "prerouting", "input"], outer: true, kind: "decapsulate" };
  }
  return { ...ends, netns, hooks: FORWARD, outer: false, kind: "forward" };
}

/** Its packets wear no tunnel's header, nor may they pass sealed: a node in the middle sends on what comes so. */
function isPlain({ encapsulation, passedBy }: EvidenceHop): boolean {
  return encapsulation.kind === "none" && passedBy === undefined;
}
