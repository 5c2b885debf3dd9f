import { canonicalIp, containsIp, ipVersion, isLinkLocal, parsePrefix } from "../linux/address.js";
import { parseFdb, type FdbEntry } from "../linux/fdb.js";
import type { Link } from "../linux/links.js";
import { parseNeighbours, type Neighbour } from "../linux/neighbours.js";
import { parseRoutes, type RouteEntry } from "../linux/routes.js";
import type { EvidenceEnd, EvidenceHop, FlowEvidence, StateKind } from "../model/evidence.js";
import type { TunnelsByNode, UnderlayByNode } from "../model/hops.js";
import { formatOfLink, isToldFarEnd, localEndOf, sealedFormatOfLink, wornBy } from "../wire/registry.js";
import { listNetns, type KnownNetns } from "./places.js";
import type { KnownState } from "./read-state.js";

/** What the nodes' state tells of flows that captures show: whose their ends are, and how the nodes reach each other. */
export class KnownNodes {
  readonly #netns: readonly KnownNetns[];
  readonly #routesOf = new Map<string, readonly RouteEntry[]>();
  readonly #neighboursOf = new Map<string, readonly Neighbour[]>();
  readonly #fdbOf = new Map<string, readonly FdbEntry[]>();

  /** `pods`: in whose network namespace a capture was made, by the capture's path. */
  constructor(
    private readonly state: KnownState,
    private readonly pods: ReadonlyMap<string, string>,
  ) {
    this.#netns = listNetns(state);
  }

  /** The flow with the nodes and pods of its ends, its tunnels, and what packets wear at its hops. */
  complete(flow: FlowEvidence): FlowEvidence {
    const nodes = [...new Set(flow.hops.map(({ node }) => node))].filter(
      (node) => this.#host(node) !== undefined,
    );
    const [from, to] = [this.#end(flow.from, flow.hops[0]), this.#end(flow.to, flow.hops.at(-1))];
    const family = ipVersion(flow.from.ip);
    const devices = new Map(
      nodes.flatMap((node) => this.#tunnel(node, flow).map((link) => [node, link] as const)),
    );
    const underlay = Object.fromEntries(
      nodes.flatMap((node) => {
        const own = this.#underlay(node, devices.get(node));
        return own === null ? [] : [[node, own] as const];
      }),
    );
    const tunnels: TunnelsByNode = Object.fromEntries(
      [...devices].map(([node, link]) => [node, this.#gateway(node, link, node === to.node ? from : to)]),
    );
    const hops = flow.hops.map((hop) => wear(hop, { link: devices.get(hop.node), underlay, family }));
    return { ...flow, from, to, hops, underlay, tunnels };
  }

  /** The pod or node that has the end's address; else those where the packets begin or end. */
  #end(end: EvidenceEnd, hop: EvidenceHop | undefined): EvidenceEnd {
    const ips = [end.ip, ...end.addresses.map(({ ip }) => ip)];
    const owner = this.#netns.find(({ links }) =>
      links.some((link) => link.addresses.some((ip) => ips.includes(ip))),
    );
    if (owner !== undefined) return { ...end, node: owner.node, pod: owner.pod };
    if (hop?.role === "pod") return { ...end, node: hop.node, pod: this.pods.get(hop.pcap) ?? null };
    return hop?.role === "host-veth" && this.#host(hop.node) !== undefined ? { ...end, node: hop.node } : end;
  }

  #host(node: string): KnownNetns | undefined {
    return this.#netns.find((one) => one.node === node && one.pod === null);
  }

  /** The tunnel's device that the flow goes by: a hop of it, else the one that routes name for an end. */
  #tunnel(node: string, flow: FlowEvidence): Link[] {
    const links = (this.#host(node)?.links ?? []).filter(
      ({ kind }) => formatOfLink(kind) !== null || sealedFormatOfLink(kind) !== null,
    );
    const ofHop = links.filter(({ name }) =>
      flow.hops.some((hop) => hop.node === node && hop.interface === name),
    );
    if (ofHop.length > 0) return ofHop.slice(0, 1);
    const ends = [flow.from, flow.to].flatMap(({ addresses }) => addresses.at(-1)?.ip ?? []);
    return links.filter(({ name }) => ends.some((ip) => this.#route(node, ip)?.dev === name)).slice(0, 1);
  }

  /** Of the tunnel's own local address, else of the default route's device. */
  #underlay(node: string, tunnel: Link | undefined): UnderlayByNode[string] | null {
    const links = this.#host(node)?.links ?? [];
    const local = tunnel === undefined ? null : localEndOf(tunnel);
    const holder = links.find(
      ({ addresses }) => local !== null && addresses.includes(canonicalIp(local) ?? local),
    );
    if (holder !== undefined && local !== null) return { ip: local, interface: holder.name };
    const dev = this.#routes(node).find(({ dst }) => dst === "default")?.nexthops[0]?.dev;
    const device = links.find(({ name }) => name === dev);
    const ip = device?.addresses.find((one) => !isLinkLocal(one));
    return device === undefined || ip === undefined ? null : { ip, interface: device.name };
  }

  #gateway(node: string, link: Link, far: EvidenceEnd): TunnelsByNode[string] {
    const device = link.name;
    const route = this.#route(node, far.addresses.at(-1)?.ip ?? far.ip);
    const gateway = route?.dev === device ? route.gateway : null;
    const address = link.addresses.find((ip) => !isLinkLocal(ip)) ?? null;
    const neighbours = this.#read(this.#neighboursOf, { node, kind: "neighbours", parse: parseNeighbours });
    const neighbour = neighbours.find((entry) => entry.ip === gateway && entry.dev === device);
    const remoteMac = isToldFarEnd(link) ? null : (neighbour?.mac ?? null);
    const entries = this.#read(this.#fdbOf, { node, kind: "fdb", parse: parseFdb });
    const entry = entries.find(({ mac, dev, dst }) => mac === remoteMac && dev === device && dst !== null);
    return { interface: device, address, gateway, remoteMac, remoteVtep: entry?.dst ?? null };
  }

  /** The longest prefix of the main table that has the address. */
  #route(node: string, ip: string): RouteEntry | undefined {
    const bitsOf = ({ dst }: RouteEntry): number =>
      dst === "default" ? 0 : (parsePrefix(dst)?.lengthBits ?? 0);
    return this.#routes(node)
      .filter(({ table, dst }) => {
        const prefix = parsePrefix(dst);
        return table === "main" && prefix !== undefined && containsIp(prefix, ip);
      })
      .toSorted((a, b) => bitsOf(b) - bitsOf(a))[0];
  }

  #routes(node: string): readonly RouteEntry[] {
    return this.#read(this.#routesOf, { node, kind: "routes", parse: parseRoutes });
  }

  /** Of a node's own network namespace; parsed once, for flows are many. */
  #read<T>(
    known: Map<string, readonly T[]>,
    {
      node,
      kind,
      parse,
    }: { readonly node: string; readonly kind: StateKind; parse: (text: string) => readonly T[] },
  ): readonly T[] {
    const before = known.get(node);
    if (before !== undefined) return before;
    const found = this.state.records
      .filter((one) => one.node === node && one.netns === "host" && one.kind === kind)
      .flatMap(({ file }) => parse(this.state.texts.get(file) ?? ""));
    known.set(node, found);
    return found;
  }
}

interface Wearing {
  readonly link: Link | undefined;
  readonly underlay: UnderlayByNode;
  readonly family: 4 | 6;
}

/** Where the node's own address goes out, packets wear the tunnel's header. */
function wear(hop: EvidenceHop, { link, underlay, family }: Wearing): EvidenceHop {
  const own = underlay[hop.node];
  if (link === undefined || hop.role !== "nic" || hop.interface === link.name) return hop;
  const worn = wornBy(link, own === undefined ? family : ipVersion(own.ip));
  return worn === null ? hop : { ...hop, encapsulation: worn };
}
