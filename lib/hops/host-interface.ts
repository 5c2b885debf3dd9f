import { createHash } from "node:crypto";
import { HopbookError } from "../errors.js";
import type { End } from "../model/cluster.js";
import { findLink, type Link } from "../linux/links.js";
import type { RouteLookup } from "./read-node.js";
import type { HopRecipe, HostInterfaceMethod, RecipeNaming } from "./recipe.js";

export interface HostInterfaceInput {
  readonly end: End;
  readonly node: string;
  readonly hostLinks: readonly Link[];
  /** The pod's own interface. */
  readonly podLink: Link;
  /** The host's route to the pod. */
  readonly route: RouteLookup;
}

export interface HostInterface {
  readonly link: Link;
  readonly evidence: readonly string[];
  readonly notes: readonly string[];
}

/** Kinds that come in pairs. A macvlan's or VLAN's link index names the parent, not a peer. */
const PAIRED_KINDS = ["veth", "netkit"];

/** The host's side of a pod's interface, or the device that is in its place. */
interface HostSide {
  readonly host: HostInterface | null;
  readonly parent: Link | null;
  /** Its packets pass nothing of the host's own network. */
  readonly isApart: boolean;
  readonly notes: readonly string[];
}

/** Kinds of interfaces on top of a device of the host, which is all that shows their packets there. */
const CHILD_KINDS = ["macvlan", "macvtap", "ipvlan", "ipvtap"];

/** The host's side of a pod's interface; where it has none, or none is found, what is in its place, and a note. */
export function findHostSide(input: HostInterfaceInput, recipe: HopRecipe): HostSide {
  const { podLink, hostLinks, end, node } = input;
  const name = `${end.pod ?? end.ip}'s ${podLink.name}`;
  if (CHILD_KINDS.includes(podLink.kind ?? "")) {
    const parent = hostLinks.find(({ index }) => index > 0 && index === podLink.peerIndex) ?? null;
    const where = parent === null ? "by no device that is known" : `by ${parent.name} itself`;
    const note = `${name} is of kind ${String(podLink.kind)}: it has no other end on ${node}, and its packets leave ${where}`;
    return { host: null, parent, isApart: true, notes: [note] };
  }
  try {
    const host = findHostInterface(input, recipe);
    return { host, parent: null, isApart: false, notes: host.notes };
  } catch (error) {
    if (!(error instanceof HopbookError) || error.code !== "HOP_UNRESOLVED") throw error;
    if (podLink.kind !== null) {
      const tried = error.detail?.split("\n") ?? [];
      return { host: null, parent: null, isApart: false, notes: [`${error.message}: ${tried.join("; ")}`] };
    }
    const note = `${name} is a device of the machine's own (SR-IOV, or one that was moved into the pod): no device of ${node} shows its packets`;
    return { host: null, parent: null, isApart: true, notes: [note] };
  }
}

/**
 * The host's end of a pod's interface, by the recipe's methods in their order. Throws HOP_UNRESOLVED, which
 * says what each method found.
 */
export function findHostInterface(
  input: HostInterfaceInput,
  recipe: Pick<HopRecipe, "hostInterface">,
): HostInterface {
  const tried: string[] = [];
  for (const method of recipe.hostInterface.methods) {
    const outcome = METHODS[method](input);
    if (typeof outcome === "string") {
      tried.push(`${method}: ${outcome}`);
      continue;
    }
    const paired = isPair(outcome.link, input.podLink);
    const evidence = [
      outcome.says,
      ...(paired ? [`peer index: ${outcome.link.name} and the pod's name each other`] : []),
    ];
    return {
      link: outcome.link,
      evidence,
      notes: checkName(outcome.link, input.end, recipe.hostInterface.naming),
    };
  }
  const pod = input.end.pod ?? input.end.ip;
  throw new HopbookError("HOP_UNRESOLVED", `Cannot find the host side of ${pod}'s ${input.podLink.name}`, {
    where: { node: input.node },
    hint: "Has the pod just ended, or is its other end in a namespace that is not the node's?",
    detail: tried.join("\n"),
  });
}

/** What a method found, or why it found nothing. */
type Outcome = { readonly link: Link; readonly says: string } | string;

const METHODS: Record<HostInterfaceMethod, (input: HostInterfaceInput) => Outcome> = {
  "cni-result": findByCniResult,
  "peer-index": findByPeerIndex,
  route: findByRoute,
};

function findByCniResult({ end, hostLinks, podLink }: HostInterfaceInput): Outcome {
  if (end.cniHostInterfaces.length === 0) return "the runtime's CNI result names no host interface";
  const links = end.cniHostInterfaces
    .map((name) => findLink(hostLinks, name))
    .filter((link) => link !== undefined);
  // A bridge is where the host's side is plugged in. A pair that does not fit belongs to an older sandbox.
  const fits = links.filter(
    (link) => link.kind !== "bridge" && (!isPaired(podLink) || isPair(link, podLink)),
  );
  const [link] = fits;
  if (link === undefined)
    return `it names ${end.cniHostInterfaces.join(", ")}, none of which is the pod's other end`;
  return { link, says: `crictl inspectp: the CNI result names ${link.name}` };
}

export function findByPeerIndex({ hostLinks, podLink }: HostInterfaceInput): Outcome {
  if (!isPaired(podLink))
    return `${podLink.name} is of kind ${podLink.kind ?? "none"}, which has no other end`;
  const link = hostLinks.find((candidate) => isPair(candidate, podLink));
  if (link === undefined)
    return `no device of the host has index ${String(podLink.peerIndex)} and names the pod's back`;
  return { link, says: `ip -d link: index ${link.index} is the other end of the pod's ${podLink.name}` };
}

function findByRoute({ end, hostLinks, podLink, route }: HostInterfaceInput): Outcome {
  if (route.found === null) return `the host has no route to ${end.ip}: ${route.error}`;
  const link = findLink(hostLinks, route.found.dev);
  if (link === undefined) return `the route to ${end.ip} names ${route.found.dev}, which is not there`;
  if (route.found.gateway !== null || link.kind === "bridge") return `the route to ${end.ip} ends at no pod`;
  if (isPaired(podLink) && !isPair(link, podLink))
    return `the route to ${end.ip} names another pod's ${link.name}`;
  return { link, says: `ip route get ${end.ip}: dev ${link.name}` };
}

export function isPaired(link: Link): boolean {
  return link.kind !== null && PAIRED_KINDS.includes(link.kind);
}

/** Both ends name each other's index, and both say that the other one is elsewhere. */
export function isPair(host: Link, pod: Link): boolean {
  return (
    isPaired(host) &&
    host.kind === pod.kind &&
    host.peerElsewhere &&
    pod.peerElsewhere &&
    host.index === pod.peerIndex &&
    pod.index === host.peerIndex
  );
}

function checkName(link: Link, end: End, naming: RecipeNaming | undefined): string[] {
  const expected = namesByRule(end, naming);
  if (expected.length === 0 || expected.includes(link.name)) return [];
  return [
    `${String(end.pod)}'s host side is ${link.name}; by the recipe's naming it would be ${expected.join(" or ")}`,
  ];
}

/** What the host's end would be called by the CNI's rule; empty where there is none. */
export function namesByRule({ pod }: Pick<End, "pod">, naming: RecipeNaming | undefined): string[] {
  if (naming === undefined || pod === null) return [];
  const hash = createHash(naming.hash).update(pod.replace("/", ".")).digest("hex");
  const prefixes = typeof naming.prefix === "string" ? [naming.prefix] : naming.prefix;
  return prefixes.map((prefix) => `${prefix}${hash.slice(0, naming.hexDigits)}`);
}
