import type { Family } from "../../linux/address.js";
import type { End } from "../../model/cluster.js";
import type { Flow } from "../../model/hops.js";
import type { DnsAsk, DnsQuery, DnsServer } from "../../traffic/index.js";

/** What is to be asked of one server from one place. */
export type PlannedAsk = Omit<DnsAsk, "lookups" | "error"> & {
  readonly flow: Flow;
  readonly queries: readonly DnsQuery[];
};

interface Given {
  readonly flows: readonly Flow[];
  readonly names: readonly string[];
  readonly servers: readonly DnsServer[];
  /** Of which addresses are asked for; null: both. */
  readonly family: Family | null;
}

const RECORDS = { 4: "A", 6: "AAAA" } as const;

/**
 * Who is asked from where: over the flows that are followed; a server that has several others behind it, from the pod, whose
 * packets go to any of them; those behind it from their own nodes, and the servers from the pod's node.
 */
export function listAsks({ flows, names, servers, family }: Given): readonly PlannedAsk[] {
  const dns = flows.filter(({ probe }) => probe === "dns-udp" || probe === "dns-tcp");
  const [type, ...others] = family === null ? (["A", "AAAA"] as const) : ([RECORDS[family]] as const);
  const all = names.flatMap((name) => [type, ...others].map((each): DnsQuery => ({ name, type: each })));
  const queriesOf = ({ probe }: Flow): readonly DnsQuery[] =>
    probe === "dns-udp" ? all : all.filter((query) => query.type === type);
  const roleOf = (ip: string): DnsAsk["role"] =>
    servers.find((server) => server.ip === ip)?.role ?? "endpoint";
  const make = (flow: Flow, server: string, rest: Pick<DnsAsk, "flowId" | "from">): PlannedAsk => ({
    ...{ ...rest, node: flow.path.from.node ?? "", server, role: roleOf(server) },
    transport: flow.probe === "dns-udp" ? ("udp" as const) : ("tcp" as const),
    ...{ flow, queries: queriesOf(flow) },
  });
  const followed = dns.map((flow) => make(flow, flow.path.to.ip, { flowId: flow.id, from: "pod" }));
  const [first] = dns;
  if (first === undefined) return [];
  const reached = new Set(followed.map(({ server }) => server));
  const spread = servers
    .filter(({ ip }) => !reached.has(ip))
    .flatMap(({ ip }) =>
      (["dns-udp", "dns-tcp"] as const).map((probe) =>
        make(aim(first, { ip, probe, from: first.path.from }), ip, { flowId: null, from: "pod" }),
      ),
    );
  return [...followed, ...[...spread, ...fromNodes(dns, servers, make)].map(numbered)];
}

/** A flow of its own for each, called by no name: its probe's mark is made of it, which a shared run's replay makes again. */
function numbered(ask: PlannedAsk, index: number): PlannedAsk {
  return { ...ask, flow: { ...ask.flow, id: `ask${index}` } };
}

function fromNodes(
  dns: readonly Flow[],
  servers: readonly DnsServer[],
  make: (flow: Flow, server: string, rest: Pick<DnsAsk, "flowId" | "from">) => PlannedAsk,
): readonly PlannedAsk[] {
  const places = dns.flatMap(({ path: { from, to } }) => {
    const own = hostOf(to);
    const near = hostOf(from);
    const isServer = servers.some(({ ip }) => ip === to.ip);
    return [
      ...(own === null ? [] : [{ from: own, ip: to.addresses.at(-1)?.ip ?? to.ip }]),
      ...(near === null || !isServer ? [] : [{ from: near, ip: to.ip }]),
    ];
  });
  const distinct = new Map(places.map((place) => [`${place.from.node} ${place.ip}`, place]));
  return [...distinct.values()].flatMap(({ from, ip }) => {
    const [flow] = dns;
    if (flow === undefined) return [];
    return [make(aim(flow, { ip, probe: "dns-udp", from }), ip, { flowId: null, from: "node" })];
  });
}

/** An end's node itself; null where it is not known, or only the pod can be entered. */
function hostOf({ node, target, ...end }: End): End | null {
  if (node === null || (target !== undefined && target !== node)) return null;
  if (end.netns === null || end.netns.kind === "own") return null;
  const at = { ...end, kind: "node" as const, text: `node/${node}`, pod: null, node };
  return { ...at, netns: { kind: "host" }, hostNetwork: true };
}

function aim(flow: Flow, to: { ip: string; probe: "dns-udp" | "dns-tcp"; from: End }): Flow {
  const { ip, probe, from } = to;
  const end: End = { ...flow.path.to, kind: "ip", ip, port: 53, addresses: [{ ip, port: 53 }] };
  return {
    ...flow,
    probe,
    protocol: probe === "dns-udp" ? "udp" : "tcp",
    path: { ...flow.path, from, to: end },
  };
}
