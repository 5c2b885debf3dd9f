import { createHash } from "node:crypto";
import { formatAddress } from "../../linux/endpoint.js";
import { asHost, wordsOf } from "../cluster/family.js";
import type { Cluster, NodeSpec, ServiceSpec } from "../cluster/types.js";

/**
 * The chains of kube-proxy in iptables mode, with its names and comments. Names are "KUBE-SVC-" or
 * "KUBE-SEP-" and 16 characters of base32(sha256(…)), as pkg/proxy/iptables/proxier.go makes them.
 */

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

function hashName(text: string): string {
  const digest = createHash("sha256").update(text).digest();
  let bits = "";
  for (const byte of digest.subarray(0, 10)) bits += byte.toString(2).padStart(8, "0");
  return (bits.match(/.{5}/g) ?? []).map((group) => BASE32[Number.parseInt(group, 2)] ?? "").join("");
}

const describe = (service: ServiceSpec): string => `${service.namespace}/${service.name}:${service.port}`;

function nameServiceChain(service: ServiceSpec): string {
  return `KUBE-SVC-${hashName(describe(service) + service.protocol)}`;
}

function nameExternalChain(service: ServiceSpec): string {
  return `KUBE-EXT-${hashName(describe(service) + service.protocol)}`;
}

function nameLocalChain(service: ServiceSpec): string {
  return `KUBE-SVL-${hashName(describe(service) + service.protocol)}`;
}

type Endpoint = ServiceSpec["endpoint"];

function nameEndpointChain(service: ServiceSpec, endpoint: Endpoint): string {
  return `KUBE-SEP-${hashName(describe(service) + service.protocol + formatAddress(endpoint))}`;
}

function endpointsOf({ endpoint, others = [] }: ServiceSpec): readonly Endpoint[] {
  return [endpoint, ...others];
}

function hasDoor({ nodePort, externalIp, loadBalancerIp }: ServiceSpec): boolean {
  return [nodePort, externalIp, loadBalancerIp].some((one) => one !== undefined);
}

function chainsOf(service: ServiceSpec): string[] {
  return [
    nameServiceChain(service),
    ...endpointsOf(service).map((endpoint) => nameEndpointChain(service, endpoint)),
    ...(hasDoor(service) ? [nameExternalChain(service)] : []),
    ...(service.isLocal === true ? [nameLocalChain(service)] : []),
  ];
}

/** A jump that only explains itself by its comment. */
const jump = (chain: string, comment: string): string => `-m comment --comment "${comment}" -j ${chain}`;

const say = (comment: string): string => `-m comment --comment "${comment}"`;

function renderService(service: ServiceSpec, pool: string): string[] {
  const name = describe(service);
  const svc = nameServiceChain(service);
  const match = `-d ${asHost(service.clusterIp)} -p ${service.protocol} ${say(`${name} cluster IP`)} -m ${service.protocol} --dport ${String(service.clusterPort)}`;
  return [
    `-A KUBE-SERVICES ${match} -j ${svc}`,
    `-A ${svc} ! -s ${pool} ${match} -j KUBE-MARK-MASQ`,
    ...renderKept(service),
    ...renderChoice(service, svc, endpointsOf(service)),
    ...endpointsOf(service).flatMap((endpoint) => renderEndpoint(service, endpoint)),
    ...renderDoors(service),
  ];
}

const MASKS = { 4: "255.255.255.255", 6: Array.from({ length: 8 }, () => "ffff").join(":") } as const;

const listOf = (chain: string, { ip }: Endpoint): string =>
  `--name ${chain} --mask ${MASKS[wordsOf(ip).family]} --rsource`;

/** Clients that an endpoint has seen go there again. */
function renderKept(service: ServiceSpec): string[] {
  const { affinitySeconds } = service;
  if (affinitySeconds === undefined) return [];
  return endpointsOf(service).map((endpoint) => {
    const sep = nameEndpointChain(service, endpoint);
    const kept = `-m recent --rcheck --seconds ${String(affinitySeconds)} --reap ${listOf(sep, endpoint)}`;
    return `-A ${nameServiceChain(service)} ${say(`${describe(service)} -> ${formatAddress(endpoint)}`)} ${kept} -j ${sep}`;
  });
}

function renderChoice(service: ServiceSpec, chain: string, endpoints: readonly Endpoint[]): string[] {
  return endpoints.map((endpoint, index) => {
    const left = endpoints.length - index;
    const chance = left === 1 ? "" : ` -m statistic --mode random --probability ${(1 / left).toFixed(11)}`;
    const to = `${describe(service)} -> ${formatAddress(endpoint)}`;
    return `-A ${chain} ${say(to)}${chance} -j ${nameEndpointChain(service, endpoint)}`;
  });
}

function renderEndpoint(service: ServiceSpec, endpoint: Endpoint): string[] {
  const name = describe(service);
  const sep = nameEndpointChain(service, endpoint);
  const list = service.affinitySeconds === undefined ? "" : ` -m recent --set ${listOf(sep, endpoint)}`;
  return [
    `-A ${sep} -s ${asHost(endpoint.ip)} ${jump("KUBE-MARK-MASQ", name)}`,
    `-A ${sep} -p ${service.protocol} ${say(name)}${list} -m ${service.protocol} -j DNAT --to-destination ${formatAddress(endpoint)}`,
  ];
}

/** The ways in from outside: ExternalIPs and load balancers' addresses among the Services, NodePorts in a chain of their own. */
function renderDoors(service: ServiceSpec): string[] {
  if (!hasDoor(service)) return [];
  const { externalIp, loadBalancerIp, nodePort, protocol } = service;
  const name = describe(service);
  const ext = nameExternalChain(service);
  const port = (number: number): string => `-m ${protocol} --dport ${String(number)}`;
  const by = (ip: string | undefined, comment: string): string[] =>
    ip === undefined
      ? []
      : [
          `-A KUBE-SERVICES -d ${asHost(ip)} -p ${protocol} ${say(comment)} ${port(service.clusterPort)} -j ${ext}`,
        ];
  return [
    ...by(externalIp, `${name} external IP`),
    ...by(loadBalancerIp, `${name} loadbalancer IP`),
    ...(nodePort === undefined
      ? []
      : [`-A KUBE-NODEPORTS -p ${protocol} ${say(name)} ${port(nodePort)} -j ${ext}`]),
  ];
}

/** What a way in from outside leads to, on one node: all endpoints, or the node's own. */
function renderExternal(service: ServiceSpec, pool: string, node: NodeSpec): string[] {
  if (!hasDoor(service)) return [];
  const [name, ext, svc] = [describe(service), nameExternalChain(service), nameServiceChain(service)];
  const external = `${name} external destinations`;
  if (service.isLocal !== true)
    return [
      `-A ${ext} ${jump("KUBE-MARK-MASQ", `masquerade traffic for ${external}`)}`,
      `-A ${ext} -j ${svc}`,
    ];
  const fromNode = "-m addrtype --src-type LOCAL";
  const local = endpointsOn(service, node);
  return [
    `-A ${ext} -s ${pool} ${jump(svc, `pod traffic for ${external}`)}`,
    `-A ${ext} ${say(`masquerade LOCAL traffic for ${external}`)} ${fromNode} -j KUBE-MARK-MASQ`,
    `-A ${ext} ${say(`route LOCAL traffic for ${external}`)} ${fromNode} -j ${svc}`,
    ...(local.length === 0 ? [] : [`-A ${ext} -j ${nameLocalChain(service)}`]),
    ...renderChoice(service, nameLocalChain(service), local),
  ];
}

function endpointsOn(service: ServiceSpec, { pods }: NodeSpec): readonly Endpoint[] {
  return endpointsOf(service).filter(({ ip }) => pods.some((pod) => pod.ip === ip));
}

/** Chains and rules of the nat table, in the order kube-proxy writes them. */
export function renderKubeProxyNat(
  { services, pool }: Cluster,
  node: NodeSpec,
): {
  readonly chains: string[];
  readonly rules: string[];
} {
  return {
    chains: [
      "KUBE-SERVICES",
      "KUBE-NODEPORTS",
      "KUBE-POSTROUTING",
      "KUBE-MARK-MASQ",
      "KUBE-PROXY-CANARY",
      ...services.flatMap(chainsOf),
    ],
    rules: [
      `-A PREROUTING ${jump("KUBE-SERVICES", "kubernetes service portals")}`,
      `-A OUTPUT ${jump("KUBE-SERVICES", "kubernetes service portals")}`,
      `-A POSTROUTING ${jump("KUBE-POSTROUTING", "kubernetes postrouting rules")}`,
      "-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000",
      "-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN",
      "-A KUBE-POSTROUTING -j MARK --xor-mark 0x4000",
      `-A KUBE-POSTROUTING ${jump("MASQUERADE", "kubernetes service traffic requiring SNAT")} --random-fully`,
      ...services.flatMap((service) => [
        ...renderService(service, pool),
        ...renderExternal(service, pool, node),
      ]),
      '-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS',
    ],
  };
}

/** What comes from outside for pods of this node where it has none. */
function renderRefusals(service: ServiceSpec, node: NodeSpec): string[] {
  const { isLocal = false, nodePort, protocol } = service;
  if (!isLocal || nodePort === undefined || endpointsOn(service, node).length > 0) return [];
  const comment = say(`${describe(service)} has no local endpoints`);
  return [
    `-A KUBE-EXTERNAL-SERVICES -p ${protocol} ${comment} -m addrtype --dst-type LOCAL -m ${protocol} --dport ${String(nodePort)} -j DROP`,
  ];
}

const FIREWALL = "kubernetes load balancer firewall";
const EXTERNAL = "kubernetes externally-visible service portals";
const NEW = "-m conntrack --ctstate NEW";

/** Chains and rules of the filter table. Felix inserts its own jumps before them. */
export function renderKubeProxyFilter(
  { pool, services }: Cluster,
  node: NodeSpec,
): {
  readonly chains: string[];
  readonly rules: string[];
} {
  return {
    chains: [
      "KUBE-EXTERNAL-SERVICES",
      "KUBE-FIREWALL",
      "KUBE-FORWARD",
      "KUBE-KUBELET-CANARY",
      "KUBE-NODEPORTS",
      "KUBE-PROXY-CANARY",
      "KUBE-PROXY-FIREWALL",
      "KUBE-SERVICES",
    ],
    rules: [
      `-A INPUT ${NEW} ${jump("KUBE-PROXY-FIREWALL", FIREWALL)}`,
      `-A INPUT ${jump("KUBE-NODEPORTS", "kubernetes health check service ports")}`,
      `-A INPUT ${NEW} ${jump("KUBE-EXTERNAL-SERVICES", EXTERNAL)}`,
      "-A INPUT -j KUBE-FIREWALL",
      `-A FORWARD ${NEW} ${jump("KUBE-PROXY-FIREWALL", FIREWALL)}`,
      `-A FORWARD ${jump("KUBE-FORWARD", "kubernetes forwarding rules")}`,
      `-A FORWARD ${NEW} ${jump("KUBE-SERVICES", "kubernetes service portals")}`,
      `-A FORWARD ${NEW} ${jump("KUBE-EXTERNAL-SERVICES", EXTERNAL)}`,
      `-A OUTPUT ${NEW} ${jump("KUBE-PROXY-FIREWALL", FIREWALL)}`,
      `-A OUTPUT ${NEW} ${jump("KUBE-SERVICES", "kubernetes service portals")}`,
      "-A OUTPUT -j KUBE-FIREWALL",
      ...services.flatMap((service) => renderRefusals(service, node)),
      // There is no route_localnet of IPv6.
      ...(wordsOf(pool).family === 6
        ? []
        : [
            '-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP',
          ]),
      "-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP",
      '-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT',
      '-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    ],
  };
}
