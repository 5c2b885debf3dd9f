import { createHash } from "node:crypto";
import type { Tunnel } from "../carriage/types.js";
import { asHost, wordsOf } from "../cluster/family.js";
import { othersOf, type Cluster, type NodeSpec } from "../cluster/types.js";
import type { CniRules, TablePart } from "./types.js";

/**
 * The chains of Calico's Felix, with its names, marks and comments: each rule carries a "cali:" comment of 16
 * characters, which is a hash of the rule and of those before it.
 */

const ACCEPT = "0x10000/0x10000";
const PASS = "0x20000/0x20000";

/** Adds Felix's hash comments to the rules of one chain. */
function sign(chain: string, bodies: readonly string[]): string[] {
  let seed = chain;
  return bodies.map((body) => {
    const digest = createHash("sha224").update(`${seed}\n${body}`).digest();
    seed = digest.toString("hex");
    return `-A ${chain} -m comment --comment "cali:${digest.toString("base64url").slice(0, 16)}" ${body}`;
  });
}

const say = (comment: string): string => `-m comment --comment "${comment}"`;

/** What a workload's chain does after conntrack: no policy applies, its namespace's profile accepts. */
function renderProfiles(prefix: "cali-pri" | "cali-pro"): string[] {
  return ["kns.shop", "ksa.shop.default"]
    .flatMap((profile) => [
      `-j ${prefix}-${profile}`,
      `${say("Return if profile accepted")} -m mark --mark ${ACCEPT} -j RETURN`,
    ])
    .concat(`${say("Drop if no profiles matched")} -j DROP`);
}

const CONNTRACK = [
  "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
  "-m conntrack --ctstate INVALID -j DROP",
  "-j MARK --set-xmark 0x0/0x30000",
];

function renderWorkload(hostInterface: string): Record<string, string[]> {
  return {
    [`cali-tw-${hostInterface}`]: [...CONNTRACK, ...renderProfiles("cali-pri")],
    [`cali-fw-${hostInterface}`]: [
      ...CONNTRACK,
      `-p udp ${say("Drop VXLAN encapped packets originating in workloads")} -m multiport --dports 4789 -j DROP`,
      `-p ipencap ${say("Drop IPinIP encapped packets originating in workloads")} -j DROP`,
      ...renderProfiles("cali-pro"),
    ],
  };
}

function renderProfileChains(): Record<string, string[]> {
  const accept = (direction: string): string[] => [
    `${say(`Profile kns.shop ${direction}`)} -j MARK --set-xmark ${ACCEPT}`,
    `-m mark --mark ${ACCEPT} -j RETURN`,
  ];
  return {
    "cali-pri-kns.shop": accept("ingress"),
    "cali-pro-kns.shop": accept("egress"),
    "cali-pri-ksa.shop.default": [say("Profile ksa.shop.default ingress")],
    "cali-pro-ksa.shop.default": [say("Profile ksa.shop.default egress")],
  };
}

/** What lets the other nodes' wrapped packets in and out, and nobody else's. Ports come after the comment. */
function renderTunnelRules(
  tunnel: Tunnel | null,
  vteps: readonly string[],
): { readonly input: string[]; readonly output: string[] } {
  if (tunnel === null) return { input: [], output: [] };
  const { protocol, port } = tunnel.match;
  const isSix = vteps.some((vtep) => wordsOf(vtep).family === 6);
  const ports = port === null ? "" : ` -m multiport --dports ${String(port)}`;
  const rule = (match: string, comment: string, end: string): string =>
    `${match}-p ${protocol} ${say(comment)}${ports} ${end}`;
  const [local, own] = ["-m addrtype --dst-type LOCAL", "-m addrtype --src-type LOCAL"];
  const packets = `IPv${isSix ? "6" : "4"} ${tunnel.title} packets`;
  return {
    input: [
      ...vteps.map((vtep) =>
        rule(`-s ${asHost(vtep)} `, `Allow ${packets} from allowed hosts`, `${local} -j ACCEPT`),
      ),
      rule("", `Drop ${packets} from non-allowed hosts`, `${local} -j DROP`),
    ],
    output: vteps.map((vtep) =>
      rule(`-d ${asHost(vtep)} `, `Allow ${packets} to other allowed hosts`, `${own} -j ACCEPT`),
    ),
  };
}

function renderFilterChains(
  cluster: Cluster,
  node: NodeSpec,
  tunnel: Tunnel | null,
): Record<string, string[]> {
  const interfaces = node.pods.map(({ hostInterface }) => hostInterface);
  const hosts = renderTunnelRules(
    tunnel,
    othersOf(cluster, node).map((other) => other.address),
  );
  return {
    "cali-FORWARD": [
      "-j MARK --set-xmark 0x0/0xe0000",
      "-m mark --mark 0x0/0x10000 -j cali-from-hep-forward",
      "-i cali+ -j cali-from-wl-dispatch",
      "-o cali+ -j cali-to-wl-dispatch",
      "-j cali-to-hep-forward",
      "-j cali-cidr-block",
    ],
    "cali-INPUT": [
      ...hosts.input,
      "-i cali+ -g cali-wl-to-host",
      `-m mark --mark ${ACCEPT} -j ACCEPT`,
      "-j MARK --set-xmark 0x0/0xf0000",
      "-j cali-from-host-endpoint",
      `${say("Host endpoint policy accepted packet.")} -m mark --mark ${ACCEPT} -j ACCEPT`,
    ],
    "cali-OUTPUT": [
      `-m mark --mark ${ACCEPT} -j ACCEPT`,
      "-o cali+ -j RETURN",
      ...hosts.output,
      "-j MARK --set-xmark 0x0/0xf0000",
      "-m conntrack ! --ctstate DNAT -j cali-to-host-endpoint",
    ],
    "cali-from-wl-dispatch": [
      ...interfaces.map((name) => `-i ${name} -g cali-fw-${name}`),
      `${say("Unknown interface")} -j DROP`,
    ],
    "cali-to-wl-dispatch": [
      ...interfaces.map((name) => `-o ${name} -g cali-tw-${name}`),
      `${say("Unknown interface")} -j DROP`,
    ],
    "cali-wl-to-host": [
      "-j cali-from-wl-dispatch",
      `${say("Configured DefaultEndpointToHostAction")} -j ACCEPT`,
    ],
    "cali-from-hep-forward": [],
    "cali-to-hep-forward": [],
    "cali-from-host-endpoint": [],
    "cali-to-host-endpoint": [],
    "cali-cidr-block": [],
    ...renderProfileChains(),
    ...Object.fromEntries(interfaces.flatMap((name) => Object.entries(renderWorkload(name)))),
  };
}

function assemble(chains: Record<string, string[]>): Pick<TablePart, "chains" | "rules"> {
  return {
    chains: Object.keys(chains),
    rules: Object.entries(chains).flatMap(([chain, bodies]) => sign(chain, bodies)),
  };
}

/** `tunnel`: the device whose packets are let in from other nodes; null where nothing is wrapped. */
export function renderFelix(cluster: Cluster, node: NodeSpec, tunnel: Tunnel | null): CniRules {
  return { filter: renderFilter(cluster, node, tunnel), nat: renderNat(cluster.pool, tunnel) };
}

function renderFilter(cluster: Cluster, node: NodeSpec, tunnel: Tunnel | null): TablePart {
  return {
    ...assemble(renderFilterChains(cluster, node, tunnel)),
    first: ["INPUT", "FORWARD", "OUTPUT"].flatMap((chain) => sign(chain, [`-j cali-${chain}`])),
    last: sign("FORWARD", [
      `${say("Policy explicitly accepted packet.")} -m mark --mark ${ACCEPT} -j ACCEPT`,
      `-j MARK --set-xmark ${ACCEPT}`,
    ]),
  };
}

function renderNat(pool: string, tunnel: Tunnel | null): TablePart {
  const masquerade = (device: string): string =>
    `-o ${device} -m addrtype ! --src-type LOCAL --limit-iface-out -m addrtype --src-type LOCAL -j MASQUERADE --random-fully`;
  return {
    ...assemble({
      "cali-PREROUTING": ["-j cali-fip-dnat"],
      "cali-OUTPUT": ["-j cali-fip-dnat"],
      "cali-POSTROUTING": [
        "-j cali-fip-snat",
        "-j cali-nat-outgoing",
        ...(tunnel === null ? [] : [masquerade(tunnel.device)]),
      ],
      "cali-fip-dnat": [],
      "cali-fip-snat": [],
      "cali-nat-outgoing": [`-s ${pool} ! -d ${pool} -j MASQUERADE --random-fully`],
    }),
    first: ["PREROUTING", "OUTPUT", "POSTROUTING"].flatMap((chain) => sign(chain, [`-j cali-${chain}`])),
    last: [],
  };
}

/** Mark that policies of a tier pass packets on with; the fault that plays a NetworkPolicy uses it. */
export const TIER_PASS_MARK = PASS;
export const ACCEPT_MARK = ACCEPT;
