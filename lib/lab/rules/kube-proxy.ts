import { createHash } from "node:crypto";
import { formatAddress } from "../../linux/endpoint.js";
import { asHost, wordsOf } from "../cluster/family.js";
import type { Cluster, ServiceSpec } from "../cluster/types.js";

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

function nameEndpointChain(service: ServiceSpec): string {
  const endpoint = formatAddress(service.endpoint);
  return `KUBE-SEP-${hashName(describe(service) + service.protocol + endpoint)}`;
}

/** A jump that only explains itself by its comment. */
const jump = (chain: string, comment: string): string => `-m comment --comment "${comment}" -j ${chain}`;

function renderService(service: ServiceSpec, pool: string): string[] {
  const name = describe(service);
  const [svc, sep] = [nameServiceChain(service), nameEndpointChain(service)];
  const endpoint = formatAddress(service.endpoint);
  const match = `-d ${asHost(service.clusterIp)} -p ${service.protocol} -m comment --comment "${name} cluster IP" -m ${service.protocol} --dport ${String(service.clusterPort)}`;
  return [
    `-A KUBE-SERVICES ${match} -j ${svc}`,
    `-A ${svc} ! -s ${pool} ${match} -j KUBE-MARK-MASQ`,
    `-A ${svc} ${jump(sep, `${name} -> ${endpoint}`)}`,
    `-A ${sep} -s ${asHost(service.endpoint.ip)} ${jump("KUBE-MARK-MASQ", name)}`,
    `-A ${sep} -p ${service.protocol} -m comment --comment "${name}" -m ${service.protocol} -j DNAT --to-destination ${endpoint}`,
  ];
}

/** Chains and rules of the nat table, in the order kube-proxy writes them. */
export function renderKubeProxyNat({ services, pool }: Cluster): {
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
      ...services.flatMap((service) => [nameServiceChain(service), nameEndpointChain(service)]),
    ],
    rules: [
      `-A PREROUTING ${jump("KUBE-SERVICES", "kubernetes service portals")}`,
      `-A OUTPUT ${jump("KUBE-SERVICES", "kubernetes service portals")}`,
      `-A POSTROUTING ${jump("KUBE-POSTROUTING", "kubernetes postrouting rules")}`,
      "-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000",
      "-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN",
      "-A KUBE-POSTROUTING -j MARK --xor-mark 0x4000",
      `-A KUBE-POSTROUTING ${jump("MASQUERADE", "kubernetes service traffic requiring SNAT")} --random-fully`,
      ...services.flatMap((service) => renderService(service, pool)),
      '-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS',
    ],
  };
}

const FIREWALL = "kubernetes load balancer firewall";
const EXTERNAL = "kubernetes externally-visible service portals";
const NEW = "-m conntrack --ctstate NEW";

/** Chains and rules of the filter table. Felix inserts its own jumps before them. */
export function renderKubeProxyFilter({ pool }: Cluster): {
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
