/** kube-proxy's table in nftables mode (since Kubernetes 1.29), made anew: pkg/proxy/nftables/README.md says what it holds. */

interface Endpoint {
  readonly ip: string;
  readonly port: number;
}

export interface ProxiedService {
  /** `namespace/name`. */
  readonly name: string;
  readonly protocol?: "tcp" | "udp";
  readonly clusterIp: string;
  readonly port: number;
  readonly endpoints: readonly Endpoint[];
  readonly nodePort?: number;
  readonly loadBalancerIp?: string;
  /** Who may come by the load balancer's address; absent: everybody. */
  readonly sourceRanges?: readonly string[];
  /** Kept to one endpoint (sessionAffinity: ClientIP). */
  readonly isKept?: boolean;
  /** externalTrafficPolicy: Local, and no endpoint is on this node. */
  readonly isNowhereLocal?: boolean;
}

interface Proxied {
  readonly services: readonly ProxiedService[];
  readonly pods: string;
  readonly serviceRange: string;
  readonly nodeIp: string;
  /** Every rule counts what comes to it, by which the kernel tells what it did. */
  readonly counts?: boolean;
}

interface Chain {
  readonly name: string;
  readonly hook?: string;
  readonly rules: readonly string[];
}

const PLACE = "ip daddr . meta l4proto . th dport";

const CHAINS: readonly Chain[] = [
  chain(
    "filter-prerouting-pre-dnat",
    "filter hook prerouting priority -110",
    "ct state new jump firewall-check",
  ),
  chain("filter-output-pre-dnat", "filter hook output priority -110", "ct state new jump firewall-check"),
  chain(
    "filter-forward",
    "filter hook forward priority 0",
    "ct state new jump service-endpoints-check",
    "ct state new jump cluster-ips-check",
  ),
  chain(
    "filter-input",
    "filter hook input priority 0",
    "ct state new jump nodeport-endpoints-check",
    "ct state new jump service-endpoints-check",
  ),
  chain(
    "filter-output",
    "filter hook output priority 0",
    "ct state new jump service-endpoints-check",
    "ct state new jump cluster-ips-check",
  ),
  chain("nat-prerouting", "nat hook prerouting priority -100", "jump services"),
  chain("nat-output", "nat hook output priority -100", "jump services"),
  chain("nat-postrouting", "nat hook postrouting priority 100", "jump masquerading"),
  chain("firewall-check", null, `${PLACE} vmap @firewall-ips`),
  chain("mark-for-masquerade", null, "meta mark set meta mark or 0x4000"),
  chain(
    "masquerading",
    null,
    "meta mark and 0x4000 == 0 return",
    "meta mark set meta mark xor 0x4000",
    "masquerade fully-random",
  ),
  chain(
    "nodeport-endpoints-check",
    null,
    "ip daddr @nodeport-ips meta l4proto . th dport vmap @no-endpoint-nodeports",
  ),
  chain("service-endpoints-check", null, `${PLACE} vmap @no-endpoint-services`),
  chain("reject-chain", null, "reject"),
  chain(
    "services",
    null,
    `${PLACE} vmap @service-ips`,
    "ip daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports",
  ),
];

function chain(name: string, hook: string | null, ...rules: readonly string[]): Chain {
  return { name, ...(hook === null ? {} : { hook }), rules };
}

const COMMENTS: Readonly<Record<string, string>> = {
  "firewall-ips": "destinations that are subject to LoadBalancerSourceRanges",
  "no-endpoint-services": "vmap to drop or reject packets to services with no endpoints",
};

/** As `nft -f` takes it. Of IPv6 where the node's address is. */
export function makeKubeProxy({ services, pods, serviceRange, nodeIp, counts = false }: Proxied): string {
  const isSix = nodeIp.includes(":");
  const address = isSix ? "ipv6_addr" : "ipv4_addr";
  const made = services.map((service) => makeService(service, pods));
  const set = (kind: "set" | "map", name: string, type: string, elements: readonly string[]): string =>
    `  ${kind} ${name} {\n    type ${type}\n${COMMENTS[name] === undefined ? "" : `    comment "${COMMENTS[name]}"\n`}${elements.length === 0 ? "" : `    elements = { ${elements.join(", ")} }\n`}  }\n`;
  const of = (name: keyof (typeof made)[number]["maps"]): string[] => made.flatMap(({ maps }) => maps[name]);
  const place = `${address} . inet_proto . inet_service : verdict`;
  const port = "inet_proto . inet_service : verdict";
  const check = chain(
    "cluster-ips-check",
    null,
    'ip daddr @cluster-ips reject comment "Reject traffic to invalid ports of ClusterIPs"',
    `ip daddr { ${serviceRange} } drop comment "Drop traffic to unallocated ClusterIPs"`,
  );
  const print = ({ name, hook, rules }: Chain): string =>
    [
      `  chain ${name} {`,
      ...(hook === undefined ? [] : [`    type ${hook};`]),
      ...rules.map((rule) => `    ${counts ? "counter " : ""}${rule}`),
      "  }\n",
    ].join("\n");
  const text = [
    "table ip kube-proxy {\n",
    set("set", "cluster-ips", address, [...new Set(services.map(({ clusterIp }) => clusterIp))]),
    set("set", "nodeport-ips", address, [nodeIp]),
    set("map", "firewall-ips", place, of("firewall")),
    set("map", "no-endpoint-nodeports", port, of("noNodePorts")),
    set("map", "no-endpoint-services", place, of("noServices")),
    set("map", "service-ips", place, of("services")),
    set("map", "service-nodeports", port, of("nodePorts")),
    ...made.flatMap(({ sets }) => sets),
    ...[...CHAINS, check, ...made.flatMap(({ chains }) => chains)].map(print),
    "}\n",
  ].join("");
  return isSix ? text.replaceAll(/\bip (daddr|saddr|kube-proxy)\b/g, "ip6 $1") : text;
}

function makeService(service: ProxiedService, pods: string) {
  const { name, protocol = "tcp", clusterIp, port, endpoints, nodePort, loadBalancerIp } = service;
  const { sourceRanges = [], isKept = false, isNowhereLocal = false } = service;
  const id = `${name}/${protocol}/p${String(port)}`;
  const [svc, ext, firewall] = ["service", "external", "firewall"].map(
    (kind) => `${kind}-${hashOf(name)}-${id}`,
  ) as [string, string, string];
  const at = (ip: string): string => `${ip} . ${protocol} . ${String(port)}`;
  const comment = `comment "${name}:p${String(port)}"`;
  const [hasEndpoints, hasDoor] = [
    endpoints.length > 0,
    nodePort !== undefined || loadBalancerIp !== undefined,
  ];
  const one = (kind: string, { ip, port: to }: Endpoint): string =>
    `${kind}-${hashOf(ip)}-${id}__${ip.replaceAll(":", ".")}/${String(to)}`;
  const nothing = isNowhereLocal ? "drop" : "goto reject-chain";
  const isRefused = !hasEndpoints || isNowhereLocal;
  const balanced = loadBalancerIp === undefined ? [] : [at(loadBalancerIp)];
  const ports = nodePort === undefined ? [] : [`${protocol} . ${String(nodePort)}`];
  const led = endpoints.map((each, n) => `${String(n)} : goto ${one("endpoint", each)}`).join(", ");
  const external = isNowhereLocal
    ? [
        `ip saddr ${pods} goto ${svc} comment "short-circuit pod traffic"`,
        'fib saddr type local jump mark-for-masquerade comment "masquerade local traffic"',
        `fib saddr type local goto ${svc} comment "short-circuit local traffic"`,
      ]
    : ["jump mark-for-masquerade", `goto ${svc}`];
  return {
    maps: {
      services: hasEndpoints
        ? [`${at(clusterIp)} : goto ${svc}`, ...balanced.map((place) => `${place} : goto ${ext}`)]
        : [],
      nodePorts: hasEndpoints ? ports.map((place) => `${place} : goto ${ext}`) : [],
      noServices: [...(hasEndpoints ? [] : [at(clusterIp)]), ...(isRefused ? balanced : [])].map(
        (place) => `${place} ${comment} : ${nothing}`,
      ),
      noNodePorts: isRefused ? ports.map((place) => `${place} ${comment} : ${nothing}`) : [],
      firewall: sourceRanges.length === 0 ? [] : balanced.map((place) => `${place} : goto ${firewall}`),
    },
    sets: (isKept ? endpoints : []).map((each) => {
      const type = clusterIp.includes(":") ? "ipv6_addr" : "ipv4_addr";
      return `  set ${one("affinity", each)} {\n    type ${type}\n    flags dynamic,timeout\n    timeout 3h\n  }\n`;
    }),
    chains: [
      ...endpoints.map((each) =>
        chain(
          one("endpoint", each),
          null,
          `ip saddr ${each.ip} jump mark-for-masquerade`,
          ...(isKept ? [`update @${one("affinity", each)} { ip saddr }`] : []),
          `meta l4proto ${protocol} dnat to ${each.ip.includes(":") ? `[${each.ip}]` : each.ip}:${String(each.port)}`,
        ),
      ),
      ...(hasEndpoints
        ? [
            chain(
              svc,
              null,
              `ip daddr ${clusterIp} ip saddr != ${pods} jump mark-for-masquerade`,
              ...(isKept ? endpoints : []).map(
                (each) => `ip saddr @${one("affinity", each)} goto ${one("endpoint", each)}`,
              ),
              `numgen random mod ${String(endpoints.length)} vmap { ${led} }`,
            ),
          ]
        : []),
      ...(hasDoor && hasEndpoints ? [chain(ext, null, ...external)] : []),
      ...(sourceRanges.length === 0
        ? []
        : [chain(firewall, null, `ip saddr != { ${sourceRanges.join(", ")} } drop`)]),
    ],
  };
}

/** Eight characters, as names of chains have them. */
function hashOf(text: string): string {
  const sum = [...text].reduce((hash, char) => (Math.imul(hash, 31) + char.charCodeAt(0)) >>> 0, 7);
  return sum.toString(36).toUpperCase().padStart(8, "A").slice(-8);
}
