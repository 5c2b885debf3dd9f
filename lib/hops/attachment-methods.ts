import type { CniResult } from "../cluster/index.js";
import { findLink, type Link } from "../linux/links.js";
import type { AttachmentMethod, MethodWord } from "../model/cni/attachment.js";
import type { Neighbour } from "../linux/neighbours.js";
import { findByPeerIndex, isPair, isPaired, namesByRule, type HostInterfaceInput } from "./host-interface.js";
import type { NodeTables } from "./node-tables.js";
import type { HopRecipe } from "./recipe.js";

/** All that may tell the host's end of one interface of a pod. */
export interface AttachmentInput extends HostInterfaceInput {
  /** The pod's first interface: the runtime's result, the pod's address and the CNI's rules are about it. */
  readonly isMain: boolean;
  readonly recipe: Pick<HopRecipe, "hostInterface">;
  readonly neighbours: readonly Neighbour[];
  readonly tables: NodeTables;
  /** What libcni kept of the pod; a text says why it could not be read. */
  readonly cache: readonly CniResult[] | string;
}

interface Told {
  /** null: no device is named. */
  readonly names: string | null;
  readonly says: string;
}

const METHODS: readonly (readonly [AttachmentMethod, (input: AttachmentInput) => Told])[] = [
  ["peer-index", byPeerIndex],
  ["namespace-id", byNamespaceId],
  ["cni-result", byCniResult],
  ["cni-cache", byCniCache],
  ["route", byRoute],
  ["neighbour", byNeighbour],
  ["bridge-table", byBridgeTable],
  ["alias", byAlias],
  ["naming", byNaming],
];

/** Those that tell what is so now, the surest first; a CNI's rules and what was kept tell what should be. */
const LIVE: readonly AttachmentMethod[] = [
  "peer-index",
  "namespace-id",
  "bridge-table",
  "neighbour",
  "route",
];

/**
 * What each method says of the host's end of an interface, whatever the others say. `chosen` is the end that is known
 * already; where none is, it is the one that the surest live method names.
 */
export function askEveryMethod(
  input: AttachmentInput,
  chosen: Link | null,
): { readonly link: Link | null; readonly methods: readonly MethodWord[] } {
  const told = METHODS.map(([method, ask]) => ({ method, ...ask(input) }));
  const live = LIVE.map((method) => told.find((each) => each.method === method)?.names ?? null);
  const link = chosen ?? findLink(input.hostLinks, live.find((name) => name !== null) ?? null) ?? null;
  const judge = (names: string | null): MethodWord["verdict"] => {
    if (names === null) return "silent";
    return names === link?.name ? "agrees" : "contradicts";
  };
  return { link, methods: told.map((each) => ({ ...each, verdict: judge(each.names) })) };
}

const silent = (says: string): Told => ({ names: null, says });

function byPeerIndex(input: AttachmentInput): Told {
  const found = findByPeerIndex(input);
  if (typeof found === "string") return silent(found);
  const { link } = found;
  const { podLink } = input;
  return {
    names: link.name,
    says: `the pod's ${podLink.name} (index ${podLink.index}) and ${link.name} (index ${link.index}) name each other`,
  };
}

/** The kernel gives the other end's namespace an id; where the namespace has a name, that is another word for it. */
function byNamespaceId({ end, hostLinks, podLink, tables }: AttachmentInput): Told {
  const { namespaces } = tables;
  if (typeof namespaces === "string") return silent(namespaces);
  const path = end.netns?.kind === "path" ? end.netns.path : "";
  const name = /^(?:\/var)?\/run\/netns\/([^/]+)$/.exec(path)?.[1];
  if (name === undefined) return silent("the pod's network namespace has no name below /run/netns");
  const known = namespaces.find((each) => each.name === name);
  if (known === undefined) return silent(`ip netns knows no id of ${name}`);
  const into = hostLinks.filter((link) => isPaired(link) && link.peerNamespaceId === known.id);
  const [first, ...more] = into.toSorted((a, b) => Number(isPair(b, podLink)) - Number(isPair(a, podLink)));
  if (first === undefined) return silent(`no pair of the node's leads into ${name} (id ${known.id})`);
  const others = more.length === 0 ? "" : `, as does ${more.map((link) => link.name).join(", ")}`;
  return { names: first.name, says: `${first.name} leads into ${name} (id ${known.id})${others}` };
}

function byCniResult(input: AttachmentInput): Told {
  const { end, hostLinks, isMain, podLink } = input;
  const names = end.cniHostInterfaces;
  if (names.length === 0) return silent("the runtime shows no CNI result");
  const isAbout = hostLinks.some((link) => names.includes(link.name) && isPair(link, podLink));
  // A runtime keeps the result of a pod's first network, and may keep those of others.
  if (!isMain && !isAbout) return silent("it is about another interface of the pod's");
  return byNames(names, input, "the runtime's CNI result");
}

function byCniCache(input: AttachmentInput): Told {
  const { cache, podLink } = input;
  if (typeof cache === "string") return silent(cache);
  const own = cache.filter(({ ifName }) => ifName === podLink.name);
  const names = own.flatMap(({ hostInterfaces }) => hostInterfaces);
  if (own.length === 0) return silent(`/var/lib/cni/results has nothing of ${podLink.name}`);
  if (names.length === 0) return silent("what /var/lib/cni/results has names no interface of the host");
  return byNames(names, input, "/var/lib/cni/results");
}

/** Of the names that a CNI's result has of the host: a bridge is where the pod's end is plugged in. */
function byNames(all: readonly string[], { hostLinks, podLink }: AttachmentInput, where: string): Told {
  const names = all.filter((name) => findLink(hostLinks, name)?.kind !== "bridge");
  const links = names.flatMap((name) => findLink(hostLinks, name) ?? []);
  const fits = links.find((link) => !isPaired(podLink) || isPair(link, podLink));
  if (fits !== undefined) return { names: fits.name, says: `${where} names ${fits.name}` };
  const [first] = names;
  if (first === undefined) return silent(`${where} names only the bridge ${all.join(", ")}`);
  const there = links.length === 0 ? "is not there" : `is not the other end of the pod's ${podLink.name}`;
  return { names: first, says: `${where} names ${first}, which ${there}: an older sandbox's?` };
}

function byRoute({ end, hostLinks, isMain, route, recipe }: AttachmentInput): Told {
  if (!isMain) return silent("the node's route is to the pod's first address");
  const { found, error } = route;
  if (found === null) return silent(`the node has no route to ${end.ip}: ${error}`);
  const { dev, gateway } = found;
  const asked = `ip route get ${end.ip}: dev ${dev}`;
  if (gateway !== null) return silent(`${asked} via ${gateway}, which is not to the pod`);
  const { entry = [] } = recipe.hostInterface;
  if (entry.includes(dev)) return silent(`${asked}, behind which all pods are`);
  if (findLink(hostLinks, dev)?.kind === "bridge")
    return silent(`${asked}, a bridge: its table tells the port`);
  return { names: dev, says: asked };
}

function byNeighbour({ hostLinks, neighbours, podLink }: AttachmentInput): Told {
  const own = neighbours.filter(({ ip, mac }) => mac !== null && podLink.addresses.includes(ip));
  const [entry] = own;
  if (entry === undefined || entry.dev === null || entry.mac === null)
    return silent("the node's neighbour table has no entry of the pod's addresses");
  const { ip, dev, mac } = entry;
  const isOwn = mac === podLink.mac;
  const said = `ip neigh: ${ip} is at ${mac} on ${dev}`;
  const whose = isOwn ? ", the pod's own MAC" : `; the pod's ${podLink.name} has ${String(podLink.mac)}`;
  if (findLink(hostLinks, dev)?.kind === "bridge") return silent(`${said}${whose}: its table tells the port`);
  return { names: dev, says: `${said}${whose}` };
}

function byBridgeTable({ hostLinks, podLink, tables, node }: AttachmentInput): Told {
  const { fdb } = tables;
  if (!hostLinks.some(({ kind }) => kind === "bridge")) return silent(`${node} has no bridge`);
  if (typeof fdb === "string") return silent(fdb);
  const learnt = fdb.filter(
    ({ mac, master, state }) => mac === podLink.mac && master !== null && state !== "permanent",
  );
  const [entry, ...more] = learnt;
  if (entry === undefined || entry.dev === null)
    return silent(`no bridge knows ${String(podLink.mac)}: one forgets who has been silent for 5 minutes`);
  const others = more.filter(({ dev }) => dev !== entry.dev).map(({ dev }) => String(dev));
  const also = others.length === 0 ? "" : `, and at ${others.join(", ")}: two pods have one MAC, or it moved`;
  return {
    names: entry.dev,
    says: `bridge fdb: ${String(entry.master)} has ${entry.mac} at its port ${entry.dev}${also}`,
  };
}

/** kindnet and others write on a device whose it is. */
function byAlias({ end, hostLinks, isMain }: AttachmentInput): Told {
  const named = hostLinks.find(({ alias }) => alias?.split(/\s+/).includes(end.pod ?? "") === true);
  if (!isMain || named === undefined) return silent("no device's alias names the pod");
  return { names: named.name, says: `${named.name} has the alias "${String(named.alias)}"` };
}

function byNaming({ end, hostLinks, isMain, recipe }: AttachmentInput): Told {
  const { naming } = recipe.hostInterface;
  const expected = namesByRule(end, naming);
  const [first] = expected;
  if (!isMain || naming === undefined || first === undefined)
    return silent("the CNI has no rule that makes the name of the pod's");
  const there = expected.find((name) => findLink(hostLinks, name) !== undefined);
  const rule = `${naming.hexDigits} digits of ${naming.hash}(${String(end.pod).replace("/", ".")})`;
  return there === undefined
    ? { names: first, says: `${rule} make ${expected.join(" or ")}, which is not there` }
    : { names: there, says: `${rule} make ${there}` };
}
